import Dispatch
import Synchronization

/// What `body` makes of every element, computed on all cores, as many at a time as there are.
///
/// - Parameter progress: told how many are done, by one thread at a time.
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
