const PRIMES = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113,
  127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/** Whether `residue` is a power of 65537 modulo `prime`. */
function isPower(residue: number, prime: number): boolean {
  let power = 1;
  do {
    if (power === residue) return true;
    power = (power * 65537) % prime;
  } while (power !== 1);
  return false;
}

/**
 * Whether an RSA modulus has the form that CVE-2017-15361 (ROCA) keys have: modulo every small prime it is a power of
 * 65537. A sound key passes for one by chance about once in a hundred million.
 */
export function isRocaModulus(modulus: bigint): boolean {
  return PRIMES.every((prime) => isPower(Number(modulus % BigInt(prime)), prime));
}
