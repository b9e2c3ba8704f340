/// The kind of an error. It decides the exit code.
public enum ErrorKind: Sendable {
  /// Options do not fit together, or a value is not allowed.
  case usage
  /// An image, a caption, weights or a checkpoint cannot be used.
  case badData
  /// A file or folder that is needed does not exist.
  case missingInput
  /// A device, or memory, is not available.
  case unavailable
  /// A bug in this program.
  case `internal`
  /// A file cannot be created.
  case cannotWrite
  /// Reading or writing failed.
  case inputOutput
  /// Another process uses the file or folder.
  case busy
}

/// An error that is reported to users. Its description is one sentence: which file or option, what
/// was found, what to do.
///
/// Options are named by their keys between backticks, as `` `batch_size` `` or `` `flip: true` ``.
/// The command line replaces these with its flags.
public protocol ReportableError: Error, CustomStringConvertible, Sendable {
  /// The kind of error.
  var kind: ErrorKind { get }
}
