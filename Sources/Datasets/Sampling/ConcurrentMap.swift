import Dispatch
import Synchronization

/// Maps every element with `body`, on all cores at once.
///
/// - Parameter progress: Called with the number of elements done, by one thread at a time.
func concurrentMap<Element: Sendable, Made: Sendable>(
  _ elements: [Element], _ body: @Sendable (Element) -> Made,
  progress: @Sendable (_ done: Int) -> Void
) -> [Made] {
  let state = Mutex<(made: [Made?], done: Int)>((elements.map { _ in nil }, 0))
  DispatchQueue.concurrentPerform(iterations: elements.count) { index in
    let made = body(elements[index])
    state.withLock {
      $0.made[index] = made
      $0.done += 1
      progress($0.done)
    }
  }
  return state.withLock { $0.made.compactMap { $0 } }
}
