/// Thrown inside this module to end a training that was stopped.
struct StopRequest: Error {}

/// Thrown inside this module to end a training without saving: the report closure or saving has
/// failed, or the trained values are not those after a complete step.
struct UnsavableError: Error {
  /// The original error.
  let cause: any Error

  /// Runs `body` and wraps its errors.
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
