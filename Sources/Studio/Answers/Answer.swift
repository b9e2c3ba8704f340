import Files
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import NIOPosix
import Pages

/// The kinds of answers that the studio gives.
enum Answer {
  /// A page.
  static func html(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
    Response(
      status: status,
      headers: [.contentType: "text/html; charset=utf-8", .cacheControl: "no-store"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }

  /// A value as JSON. Throws `EncodingError`.
  static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
    let encoder = JSONEncoder()
    encoder.dateEncodingStrategy = .iso8601
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Response(
      status: status,
      headers: [.contentType: "application/json; charset=utf-8", .cacheControl: "no-store"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: try encoder.encode(value))))
  }

  /// Bytes that never change under this address.
  static func bytes(_ data: some Sequence<UInt8>, type: String, isFixed: Bool = true) -> Response {
    Response(
      status: .ok,
      headers: [
        .contentType: type,
        .cacheControl: isFixed ? "private, max-age=31536000, immutable" : "no-store",
      ],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: data)))
  }

  /// A PNG file that is on the disk. Throws `FileAccessError.unreadable`.
  static func png(at url: URL, isFixed: Bool = true) throws -> Response {
    do {
      return bytes(try Data(contentsOf: url), type: "image/png", isFixed: isFixed)
    } catch {
      throw FileAccessError.unreadable(file: url.relativePath, reason: error.reason)
    }
  }

  /// A style sheet or script. Browsers ask each time whether theirs is current.
  static func asset(_ asset: Asset, to request: Request) -> Response {
    let tag = "\"\(Asset.version)\""
    let headers: HTTPFields = [
      .contentType: asset.contentType, .cacheControl: "no-cache", .eTag: tag,
    ]
    guard request.headers[.ifNoneMatch] != tag else {
      return Response(status: .notModified, headers: headers)
    }
    return Response(
      status: .ok, headers: headers,
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: asset.bytes)))
  }

  /// An answer without content.
  static func done() -> Response {
    Response(status: .noContent, headers: [.cacheControl: "no-store"])
  }
}

/// Runs work that waits for the disk on a thread of its own, so that other requests go on.
func blocking<Value: Sendable>(
  _ work: @escaping @Sendable () throws -> Value
) async throws -> Value {
  try await NIOThreadPool.singleton.runIfActive(work)
}
