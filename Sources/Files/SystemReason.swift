package import Foundation

extension Error {
  /// Why a file operation failed, in the system's words. (Foundation's own are numbers, often.)
  package var reason: String {
    systemCode.map { systemReason($0.rawValue) } ?? localizedDescription
  }

  /// The system's code for why a file operation failed, where Foundation passes it on. (`errno` need
  /// not hold it any more once Foundation has thrown.)
  package var systemCode: POSIXErrorCode? {
    let cause = (self as? CocoaError)?.underlying ?? self
    return (cause as? POSIXError)?.code
  }
}

/// A code of `errno` in the system's words. Read `errno` right after the call that failed: every other
/// call may change it.
package func systemReason(_ code: Int32) -> String { String(cString: strerror(code)) }
