import Foundation

extension Error {
  /// Why a file operation failed, in the system's words. (Foundation's own are numbers, often.)
  package var reason: String {
    guard let system = (self as? CocoaError)?.underlying as? POSIXError else {
      return localizedDescription
    }
    return String(cString: strerror(system.code.rawValue))
  }
}
