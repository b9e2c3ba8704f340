package import Foundation

extension Error {
  /// The system's message for a failed file operation. Foundation's own message is often only a
  /// number.
  package var reason: String {
    systemCode.map { systemReason($0.rawValue) } ?? localizedDescription
  }

  /// The `errno` of a failed file operation, if Foundation passes it on. `errno` itself may have
  /// changed before Foundation throws.
  package var systemCode: POSIXErrorCode? {
    let cause = (self as? CocoaError)?.underlying ?? self
    if let error = cause as? POSIXError { return error.code }
    // Foundation's `FileHandle` passes on an `NSError`.
    let error = cause as NSError
    return error.domain == NSPOSIXErrorDomain ? POSIXErrorCode(rawValue: Int32(error.code)) : nil
  }
}

/// The system's message for a value of `errno`. Read `errno` right after the failed call, since
/// every other call may change it.
package func systemReason(_ code: Int32) -> String { String(cString: strerror(code)) }
