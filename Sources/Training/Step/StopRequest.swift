/// Ends a training from the inside where it was asked to stop; never leaves this module.
struct StopRequest: Error {}

/// Ends a training from the inside without saving it: the observer has had enough, the saving itself
/// has failed, or the trained values are no longer those after a whole step. Never leaves this
/// module.
struct UnsavableError: Error {
  /// What really happened.
  let cause: any Error

  /// Runs something whose errors all mean that nothing may be saved.
  static func marking<Value>(_ body: () throws -> Value) throws(UnsavableError) -> Value {
    do {
      return try body()
    } catch let error as UnsavableError {
      throw error
    } catch {
      throw UnsavableError(cause: error)
    }
  }
}
