import CTorch
public import Files

/// A failure inside libtorch.
public struct TorchError: ReportableError {
  /// The first line of libtorch's message.
  public let message: String
  /// Whether the device or the machine ran out of memory.
  public let isOutOfMemory: Bool

  /// An error of this module, with its own message.
  public init(_ message: String, isOutOfMemory: Bool = false) {
    self.message = message
    self.isOutOfMemory = isOutOfMemory
  }

  /// The error of the last failed call on this thread.
  static var last: TorchError {
    TorchError(String(cString: ct_error()), isOutOfMemory: ct_error_is_out_of_memory())
  }

  /// Whether a message of libtorch or CUDA is about a lack of memory.
  static func isOutOfMemory(_ message: String) -> Bool { ct_mentions_out_of_memory(message) }

  /// The kind of error.
  public var kind: ErrorKind {
    isOutOfMemory ? .unavailable : .internal
  }

  /// One sentence: the advice for a lack of memory, or libtorch's message.
  public var description: String {
    isOutOfMemory
      ? "There is not enough memory (\(message)); use a smaller resolution,"
        + " batch or precision."
      : message
  }
}

/// Throws this thread's error when a call has returned -1.
func check(_ status: Int32) throws(TorchError) {
  if status < 0 { throw TorchError.last }
}

/// The result of a call that reads a property of libtorch or of a live tensor. It fails only for a
/// handle that is no tensor, which is a bug of this module.
@discardableResult
func checkProperty<Number: SignedInteger>(_ result: Number) -> Number {
  precondition(result >= 0, TorchError.last.message)
  return result
}
