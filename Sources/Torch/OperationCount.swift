import CTorch
import Synchronization

/// Held while operations are counted.
private let counting = Mutex(())

/// Runs `body` and counts the operations that it dispatches to kernels, by name, such as `aten::mm`.
///
/// An operation made of others, a view and an allocation count as none; a fused operation counts once.
/// On a GPU each counted operation launches at least one kernel. Operations of other threads are not
/// counted. One count runs at a time; others wait, so `body` may not count.
package func countingOperations(_ body: () throws -> Void) throws -> [String: Int] {
  try counting.withLock { _ in try count(body) }
}

/// Runs `body` without the operations that are faster on this processor than libtorch's choice, so that a
/// CPU gets the operations that a GPU gets. This holds for the present thread.
package func withoutProcessorKernels<Result>(_ body: () throws -> Result) rethrows -> Result {
  checkProperty(ct_set_processor_kernels(false))
  defer { checkProperty(ct_set_processor_kernels(true)) }
  return try body()
}

private func count(_ body: () throws -> Void) throws -> [String: Int] {
  final class Counts { var byName: [String: Int] = [:] }
  let counts = Counts()
  try check(ct_count_start())
  var failure: (any Error)?
  do { try body() } catch { failure = error }
  let status = ct_count_stop(
    { context, name, count in
      guard let context else { return }
      Unmanaged<Counts>.fromOpaque(context).takeUnretainedValue()
        .byName[String(cString: name)] = Int(count)
    }, Unmanaged.passUnretained(counts).toOpaque())
  if let failure { throw failure }
  try check(status)
  return counts.byName
}
