import CTorch

/// Runs `body` and counts the memory of the CPU tensors that this thread makes.
///
/// - Returns: The result, the bytes that are still held after `body`, and the most that were held.
package func countingMemory<Result>(
  _ body: () throws -> Result
) throws -> (result: Result, kept: Int, peak: Int) {
  try check(ct_count_memory())
  var before: Int64 = 0
  var now: Int64 = 0
  var peak: Int64 = 0
  try check(ct_thread_memory(&before, &peak))
  let result = try body()
  try check(ct_thread_memory(&now, &peak))
  return (result, Int(now - before), Int(peak - before))
}
