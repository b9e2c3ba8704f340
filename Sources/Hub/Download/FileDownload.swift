import AsyncHTTPClient
import Files
import Foundation
import NIOCore
import NIOHTTP1

/// The download of one file, resumed after every interruption.
struct FileDownload {
  /// How often a file may arrive with a wrong hash.
  private static let wrongContents = 2

  let client: HubClient
  let file: RepositoryFile
  let listing: RepositoryListing
  let destination: URL
  /// Takes the bytes of the file that are there.
  let received: (Int) -> Void

  /// Downloads the file, checks its hash, and gives it its name. Returns its SHA-256. Throws
  /// `HubError`, `RepositoryError`, `DownloadError`, `FileAccessError`, `CancellationError`.
  func run() async throws -> String {
    let partial = try PartialFile(of: file, for: destination)
    var version: String?
    var failures = 0
    var wrong = 0
    while true {
      let before = partial.length
      do {
        if !partial.isComplete { try await receive(partial, version: &version) }
        received(partial.length)
        if let sha256 = try partial.finish() { return sha256 }
      } catch let interruption as Interruption {
        failures = partial.length - before >= client.retry.progress ? 1 : failures + 1
        try await client.wait(after: failures, of: interruption)
        continue
      }
      wrong += 1
      version = nil
      guard wrong < Self.wrongContents else {
        try partial.remove()
        throw DownloadError.wrongContent(
          repository: listing.repository.description, file: file.path, tries: wrong)
      }
    }
  }

  /// One request for the bytes that are missing. `version` is the `ETag` of the bytes so far. Throws
  /// `Interruption` if the answer ends early or does not continue these bytes.
  private func receive(_ partial: PartialFile, version: inout String?) async throws {
    let request = try request(from: partial.length, version: version)
    let response = try await client.send(request)
    let tag = response.headers.first(name: "ETag").flatMap { $0.hasPrefix("W/") ? nil : $0 }
    switch response.status.code {
    case 206:
      let isOther = version != nil && tag != nil && tag != version
      guard continues(response.headers, at: partial.length), !isOther else {
        try partial.restart()
        throw interruption(request, "its answer does not continue the file")
      }
    case 416:
      try partial.restart()
      throw interruption(request, "the file has changed")
    default:
      // The server does not know `Range`, or the file has changed since.
      try partial.restart()
    }
    version = tag
    do {
      for try await buffer in response.body {
        guard try partial.append(Data(buffer.readableBytesView)) else {
          // Too long: a wrong content.
          try partial.restart()
          throw interruption(request, "the file is longer than the repository lists")
        }
        received(partial.length)
      }
    } catch let error as any ReportableError {
      throw error
    } catch let interruption as Interruption {
      throw interruption
    } catch {
      throw try client.interruption(error, host: request.url)
    }
    guard partial.isComplete else {
      throw interruption(request, "the connection broke off")
    }
  }

  private func request(from start: Int, version: String?) throws -> HubRequest {
    let path = file.path.split(separator: "/").map(String.init)
    let url = try client.address(listing.repository.parts + ["resolve", listing.commit] + path)
    let subject = RequestSubject(
      repository: listing.repository.description, revision: listing.commit, file: file.path)
    var request = HubRequest(url, of: subject)
    request.headers = [("Accept-Encoding", "identity")]
    request.accepted = [416]
    if start > 0 {
      request.headers.append(("Range", "bytes=\(start)-"))
      if let version { request.headers.append(("If-Range", version)) }
    }
    return request
  }

  /// Whether an answer has the bytes from `start` to the end: `Content-Range: bytes 5-9/10`.
  private func continues(_ headers: HTTPHeaders, at start: Int) -> Bool {
    guard let text = headers.first(name: "Content-Range"),
      let match = text.wholeMatch(of: /bytes (\d+)-(\d+)\/(\d+|\*)/)
    else { return false }
    return Int(match.1) == start && (match.3 == "*" || Int(match.3) == file.size)
  }

  private func interruption(_ request: HubRequest, _ reason: String) -> Interruption {
    Interruption(
      error: .unreachable(
        host: request.url.host() ?? request.url.withoutQuery, reason: reason, tries: 1))
  }
}
