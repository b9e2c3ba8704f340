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

  /// Encodes JSON as the interface has it: dates in ISO 8601, and no error for an infinite number.
  static var encoder: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.dateEncodingStrategy = .iso8601
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return encoder
  }

  /// A value as JSON. Throws `EncodingError`.
  static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
    Response(
      status: status,
      headers: [.contentType: "application/json; charset=utf-8", .cacheControl: "no-store"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: try encoder.encode(value))))
  }

  /// Bytes that are made for this request.
  static func bytes(_ data: some Sequence<UInt8>, type: String) -> Response {
    Response(
      status: .ok, headers: [.contentType: type, .cacheControl: "no-store"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: data)))
  }

  /// A PNG file, or what is made of it. Browsers ask each time whether theirs is current, since a number may
  /// lead to another file later. Throws `RequestError.noFile`, `FileAccessError.unreadable`, and what `make`
  /// throws.
  ///
  /// - Parameters:
  ///   - version: what else decides the answer.
  ///   - make: makes the answer's bytes of the file; nil: the file itself.
  static func png(
    at url: URL, version: String = "", to request: Request, make: () throws -> Data? = { nil }
  ) throws -> Response {
    guard DurableFile.exists(url) else { throw RequestError.noFile(url.relativePath) }
    do {
      let attributes = try FileManager.default.attributesOfItem(atPath: url.path)
      let date = (attributes[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
      let number = attributes[.systemFileNumber] ?? 0
      let tag = "\"\(ContentHash.of(["\(date)", "\(number)", "\(url.path)", version]).prefix(24))\""
      let headers: HTTPFields = [
        .contentType: "image/png", .cacheControl: "private, no-cache", .eTag: tag,
      ]
      guard request.headers[.ifNoneMatch] != tag else {
        return Response(status: .notModified, headers: headers)
      }
      let data = try make() ?? Data(contentsOf: url)
      return Response(
        status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: data)))
    } catch let error as any ReportableError {
      throw error
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
  try await BlockingThreads.quick.runIfActive(work)
}

/// The same for work on images. It takes longer, and has its own threads, so that a page of many images does
/// not keep other pages waiting.
func blockingOnImages<Value: Sendable>(
  _ work: @escaping @Sendable () throws -> Value
) async throws -> Value {
  try await BlockingThreads.images.runIfActive(work)
}

private enum BlockingThreads {
  static let quick = started(4)
  static let images = started(2)

  private static func started(_ count: Int) -> NIOThreadPool {
    let pool = NIOThreadPool(numberOfThreads: count)
    pool.start()
    return pool
  }
}
