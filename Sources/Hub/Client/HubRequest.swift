import Foundation
import NIOCore
import NIOHTTP1

/// One request to the Hub or to a server that it refers to.
struct HubRequest: Sendable {
  /// What is sent after the head.
  enum Body: Sendable {
    case none
    case bytes(Data)
    /// A part of a file.
    case file(URL, range: Range<Int>)
  }

  var method: HTTPMethod = .GET
  let url: URL
  var headers: [(name: String, value: String)] = []
  var body: Body = .none
  /// Takes the bytes of a file that have been sent.
  var sent: @Sendable (Int) -> Void = { _ in }
  /// Statuses that are no errors here, besides those of success.
  var accepted: Set<Int> = []
  /// What is asked for, for messages: a repository, its revision and file.
  var subject: RequestSubject?

  /// A request for an address.
  init(_ url: URL, of subject: RequestSubject? = nil) {
    self.url = url
    self.subject = subject
  }

  /// A request that sends JSON.
  init(posting value: some Encodable, to url: URL, of subject: RequestSubject? = nil) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    self.url = url
    self.subject = subject
    method = .POST
    headers = [("Content-Type", "application/json")]
    body = .bytes(try encoder.encode(value))
  }
}

/// What a request asks for.
struct RequestSubject: Sendable {
  let repository: String
  var revision: String?
  var file: String?

  /// The words for messages.
  var description: String {
    file.map { "The file \($0) of \(repository)" } ?? "The repository \(repository)"
  }
}

extension String {
  /// The text as one part of a path or query: everything but unreserved characters (RFC 3986, 2.3)
  /// is encoded.
  var percentEncoded: String {
    utf8.map { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "_"), UInt8(ascii: "~"):
        String(UnicodeScalar(byte))
      default:
        "%" + String(byte >> 4, radix: 16, uppercase: true)
          + String(byte & 15, radix: 16, uppercase: true)
      }
    }.joined()
  }
}
