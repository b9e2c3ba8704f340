import CTorch

/// A failure inside libtorch: its own sentence, and whether it was memory running out.
public struct TorchError: Error, CustomStringConvertible {
  /// What libtorch says, one line.
  public let message: String
  /// True when a device or the machine had no memory left, which ends a run but is nobody's bug.
  public let isOutOfMemory: Bool

  /// An error with a message of ours.
  public init(_ message: String, isOutOfMemory: Bool = false) {
    self.message = message
    self.isOutOfMemory = isOutOfMemory
  }

  /// The error of the last failed call on this thread.
  static var last: TorchError {
    TorchError(String(cString: ct_error()), isOutOfMemory: ct_error_is_out_of_memory())
  }

  /// The sentence to show.
  public var description: String {
    isOutOfMemory
      ? "The memory does not suffice (\(message)); use gradient checkpointing, a smaller resolution,"
        + " batch or precision."
      : message
  }
}

/// Throws this thread's error when a call has returned -1.
func check(_ status: Int32) throws(TorchError) {
  if status < 0 { throw TorchError.last }
}
