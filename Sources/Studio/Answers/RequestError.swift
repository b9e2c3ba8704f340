import Files
import HTTPTypes

/// A request that is refused before it reaches the project.
enum RequestError: ReportableError, Equatable {
  case foreignHost(String)
  case foreignOrigin(String)
  case noToken
  case noPage(String)
  /// A request that the interface does not have.
  case noRequest(method: String, path: String)
  /// A file that is recorded and was deleted.
  case noFile(String)
  case notJSON
  case tooLarge(limit: Int)
  case cutOff

  var kind: ErrorKind {
    switch self {
    case .foreignHost, .foreignOrigin, .noToken, .notJSON, .tooLarge, .cutOff: .usage
    case .noPage, .noRequest, .noFile: .missingInput
    }
  }

  /// The status of the answer.
  var status: HTTPResponse.Status {
    switch self {
    case .foreignHost: .misdirectedRequest
    case .foreignOrigin: .forbidden
    case .noToken: .unauthorized
    case .noPage, .noRequest, .noFile: .notFound
    case .notJSON: .badRequest
    case .tooLarge: .contentTooLarge
    case .cutOff: .badRequest
    }
  }

  var description: String {
    switch self {
    case .foreignHost(let host):
      "The studio is not \(host); open it under the address that it has printed."
    case .foreignOrigin(let origin):
      "A page of \(origin) may not change anything here; use the studio's own page."
    case .noToken:
      "The token is missing or wrong; send the one that the studio was started with."
    case .noPage(let path):
      "There is no page \(path); start from the front page."
    case .noRequest(let method, let path):
      "There is no \(method) \(path); choose one of those in /api/openapi.json."
    case .noFile(let file):
      "\(file) is not there any more; put it back, or remove its record."
    case .notJSON:
      "The request is not the JSON object that is expected here; see /api/openapi.json."
    case .cutOff:
      "The request ended before all of it was sent; send it again."
    case .tooLarge(let limit):
      "The request is larger than \(limit) bytes; send less."
    }
  }
}

extension ErrorKind {
  /// The status of an answer with an error of this kind.
  var status: HTTPResponse.Status {
    switch self {
    case .usage: .badRequest
    case .badData: .unprocessableContent
    case .missingInput: .notFound
    case .unavailable: .serviceUnavailable
    case .internal, .inputOutput, .cannotWrite: .internalServerError
    case .busy: .conflict
    }
  }
}
