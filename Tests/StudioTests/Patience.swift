import Browser

/// A state that is not reached in time.
struct Impatience: Error, CustomStringConvertible {
  let state: String

  var description: String {
    "\(state) is not reached within \(Int(Browser.patience)) seconds."
  }
}

/// Asks until a state is reached. Only a failure takes long, and it fails with the name of the state.
func waitUntil(_ state: String, _ isReached: () async throws -> Bool) async throws {
  let deadline = ContinuousClock.now + .seconds(Browser.patience)
  while try await !isReached() {
    guard ContinuousClock.now < deadline else { throw Impatience(state: state) }
    try await Task.sleep(for: .milliseconds(20))
  }
}
