import type { CallContext } from '../context.ts';
import { awsError } from '../errors.ts';
import { family } from '../operations.ts';
import { type Message, md5, QUEUES, Queue } from './queues.ts';

const NAME = /^[A-Za-z0-9_-]{1,80}(\.fifo)?$/;

function queueUrl(context: CallContext, name: string): string {
  const { data } = context.world.endpoints;
  const host = data === undefined ? `https://sqs.${context.scope.region}.amazonaws.com` : `http://${data}`;
  return `${host}/${context.scope.accountId}/${name}`;
}

function queueAt(context: CallContext, url: string): Queue {
  const queue = context.slice(QUEUES).all.get(url.slice(url.lastIndexOf('/') + 1));
  if (!queue) throw awsError('QueueDoesNotExist', 'The specified queue does not exist.');
  return queue;
}

function attributesOf(context: CallContext, queue: Queue): Record<string, string> {
  const { visible, inFlight } = queue.counts(context.now());
  return {
    ...queue.attributes,
    QueueArn: context.scope.arn(queue.name, 'sqs'),
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    CreatedTimestamp: String(Math.floor(queue.createdAt / 1000)),
  };
}

function messageOf(message: Message) {
  return {
    MessageId: message.id,
    ReceiptHandle: message.receipt,
    Body: message.body,
    MD5OfBody: md5(message.body),
    Attributes: {
      SentTimestamp: String(message.sentAt),
      ApproximateReceiveCount: String(message.receives),
      ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt ?? message.sentAt),
    },
  };
}

/** Long polling: until a message arrives or the wait is over on the sandbox's clock. */
function arrival(context: CallContext, queue: Queue, waitMs: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stop();
      timer.cancel();
      resolve();
    };
    const stop = queue.onArrival(done);
    const timer = context.world.clock.after(waitMs, done);
  });
}

const deleteByReceipt = (queue: Queue, receipt: string) => {
  const message = queue.byReceipt(receipt);
  // As in SQS, deleting with an old receipt succeeds and deletes nothing.
  if (message) queue.delete(message.id);
};

export const queueOperations = family(
  'sqs',
  {
    CreateQueue(context, input) {
      if (!NAME.test(input.QueueName)) {
        throw awsError('InvalidAddress', 'Queue names take letters, digits, hyphens and underscores, at most 80.');
      }
      const { all } = context.slice(QUEUES);
      const known = all.get(input.QueueName);
      const attributes = (input.Attributes ?? {}) as Record<string, string>;
      if (known && Object.entries(attributes).some(([key, value]) => known.attributes[key] !== value)) {
        throw awsError(
          'QueueNameExists',
          'A queue already exists with the same name and a different value for attributes.',
        );
      }
      if (!known) {
        all.set(input.QueueName, new Queue(input.QueueName, context.now(), attributes));
        context.changed({ kind: 'other', resource: `queue/${input.QueueName}` });
      }
      return { QueueUrl: queueUrl(context, input.QueueName) };
    },

    DeleteQueue(context, input) {
      const { name } = queueAt(context, input.QueueUrl);
      context.slice(QUEUES).all.delete(name);
      context.changed({ kind: 'other', resource: `queue/${name}` });
      return {};
    },

    GetQueueUrl(context, input) {
      if (!context.slice(QUEUES).all.has(input.QueueName)) {
        throw awsError('QueueDoesNotExist', 'The specified queue does not exist.');
      }
      return { QueueUrl: queueUrl(context, input.QueueName) };
    },

    ListQueues(context, input) {
      const names = [...context.slice(QUEUES).all.keys()].filter((n) => n.startsWith(input.QueueNamePrefix ?? ''));
      return { QueueUrls: names.slice(0, 1000).map((name) => queueUrl(context, name)) };
    },

    GetQueueAttributes(context, input) {
      const all = attributesOf(context, queueAt(context, input.QueueUrl));
      const names = input.AttributeNames ?? [];
      const wanted = names.includes('All') ? Object.keys(all) : names;
      return { Attributes: Object.fromEntries(wanted.flatMap((n) => (all[n] === undefined ? [] : [[n, all[n]]]))) };
    },

    SendMessage(context, input) {
      const { id, body } = queueAt(context, input.QueueUrl).send(
        input.MessageBody,
        context.now(),
        context.world.random,
      );
      return { MessageId: id, MD5OfMessageBody: md5(body) };
    },

    async ReceiveMessage(context, input) {
      const queue = queueAt(context, input.QueueUrl);
      const limit = input.MaxNumberOfMessages ?? 1;
      if (limit < 1 || limit > 10)
        throw awsError('InvalidParameterValue', 'MaxNumberOfMessages must be between 1 and 10.');
      const visibilityMs = (input.VisibilityTimeout ?? queue.seconds('VisibilityTimeout')) * 1000;
      const waitMs = (input.WaitTimeSeconds ?? queue.seconds('ReceiveMessageWaitTimeSeconds')) * 1000;
      const take = () => queue.receive(limit, visibilityMs, context.now(), context.world.random);
      let messages = take();
      if (messages.length === 0 && waitMs > 0) {
        await arrival(context, queue, waitMs);
        messages = take();
      }
      return messages.length === 0 ? {} : { Messages: messages.map(messageOf) };
    },

    ChangeMessageVisibility(context, input) {
      const message = queueAt(context, input.QueueUrl).byReceipt(input.ReceiptHandle);
      if (!message) throw awsError('ReceiptHandleIsInvalid', 'The receipt handle is not valid.');
      message.visibleAt = context.now() + input.VisibilityTimeout * 1000;
      return {};
    },

    DeleteMessage(context, input) {
      deleteByReceipt(queueAt(context, input.QueueUrl), input.ReceiptHandle);
      return {};
    },

    DeleteMessageBatch(context, input) {
      const queue = queueAt(context, input.QueueUrl);
      for (const entry of input.Entries) deleteByReceipt(queue, entry.ReceiptHandle ?? '');
      return { Successful: input.Entries.map(({ Id }) => ({ Id })), Failed: [] };
    },

    PurgeQueue(context, input) {
      queueAt(context, input.QueueUrl).purge();
      return {};
    },
  },
  [QUEUES],
);
