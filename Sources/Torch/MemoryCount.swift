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

extension Backend {
  /// Limits the memory of the CPU tensors that this thread makes. A tensor beyond it throws a
  /// `TorchError` about memory. Call it before there are tensors, since it counts only later ones.
  ///
  /// - Parameter bytes: the most that they may take.
  package static func limitMemory(to bytes: Int) throws(TorchError) {
    try check(ct_count_memory())
    try check(ct_limit_thread_memory(Int64(max(bytes, 1))))
  }

  /// Ends the limit of this thread.
  package static func liftMemoryLimit() { checkProperty(ct_limit_thread_memory(0)) }

  /// The counted memory of the CPU tensors that this thread has made, in bytes.
  package static func countedMemory() throws(TorchError) -> Int {
    var (now, peak): (Int64, Int64) = (0, 0)
    try check(ct_count_memory())
    try check(ct_thread_memory(&now, &peak))
    return Int(now)
  }
}
