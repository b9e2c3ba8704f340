import Files
import Foundation
import Images
import NN
import Options
import Pages
import RunLog
import StableDiffusion
import Torch

/// Exit codes, as in sysexits.h.
enum ExitStatus: Int32 {
  case usage = 64
  case badData = 65
  case missingInput = 66
  case unavailable = 69
  case internalError = 70
  case cannotWrite = 73
  case inputOutput = 74
  case busy = 75

  /// The code for a kind of error.
  init(_ kind: ErrorKind) {
    self =
      switch kind {
      case .usage: .usage
      case .badData: .badData
      case .missingInput: .missingInput
      case .unavailable: .unavailable
      case .internal: .internalError
      case .cannotWrite: .cannotWrite
      case .inputOutput: .inputOutput
      case .busy: .busy
      }
  }

  /// The code for an error of this package; nil for an error of the argument parser.
  init?(of error: any Error) {
    guard let error = error as? any ReportableError else { return nil }
    self.init(error.kind)
  }
}

/// Options that are wrong or exclude each other.
struct UsageError: ReportableError {
  let description: String

  var kind: ErrorKind {
    .usage
  }

  init(_ description: String) { self.description = description }
}

/// A file or folder that does not exist.
struct NothingFound: ReportableError {
  let description: String

  var kind: ErrorKind {
    .missingInput
  }

  init(_ description: String) { self.description = description }
}
