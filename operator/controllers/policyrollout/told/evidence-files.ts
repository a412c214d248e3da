import { parseEntry } from '../../../report/evidence/chain.ts';
import type { LineFiles } from '../../../runtime/log/line-files.ts';
import type { Logger } from '../../../runtime/log.ts';
import type { EvidenceSink } from './evidence.ts';

/** `<namespace>/<rollout>.<uid>.jsonl` below the folder of the evidence; the uid keeps namesakes apart. */
export function evidenceFile(rollout: {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}): readonly [folder: string, name: string] {
  return [rollout.namespace, `${rollout.name}.${rollout.uid}.jsonl`];
}

/**
 * Entries in files. A disk that takes no more stops no rollout, least of all one that goes back: what could not be written
 * is missing in the chain, and everybody who verifies it sees that.
 */
export function evidenceFiles(files: LineFiles, log: Logger, lost: () => void): EvidenceSink {
  return {
    write({ rollout, uid }, line) {
      const [namespace = '', name = ''] = rollout.split('/');
      try {
        files.append(evidenceFile({ namespace, name, uid }), line);
      } catch (err) {
        lost();
        log.error('Losing an entry of the evidence log: it could not be written', { rollout, err });
      }
    },
    kept: (rollout) =>
      files
        .read(evidenceFile(rollout))
        .split('\n')
        .flatMap((line) => parseEntry(line) ?? []),
  };
}
