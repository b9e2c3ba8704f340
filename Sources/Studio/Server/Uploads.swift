import Foundation
import Hummingbird

/// Receives large files, a few at a time, since each is held in memory.
actor Uploads {
  private static let most = 2

  private var count = 0
  private var waiting: [CheckedContinuation<Void, Never>] = []

  /// The whole body of a request. Throws `RequestError`.
  func body(of request: Request, limit: Int) async throws -> Data {
    if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limit {
      throw RequestError.tooLarge(limit: limit)
    }
    if count == Self.most {
      await withCheckedContinuation { waiting.append($0) }
    } else {
      count += 1
    }
    defer {
      if waiting.isEmpty { count -= 1 } else { waiting.removeFirst().resume() }
    }
    return try await request.wholeBody(limit: limit)
  }
}
