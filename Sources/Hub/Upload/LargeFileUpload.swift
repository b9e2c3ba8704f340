import AsyncHTTPClient
import Files
import Foundation
import NIOHTTP1

/// Sends large files to a repository's storage by the protocol of Git LFS: the batch request tells where
/// each file goes, in one piece (`basic`) or in parts (`multipart`, the Hub's own transfer).
struct LargeFileUpload {
  private static let mediaType = "application/vnd.git-lfs+json"

  let client: HubClient
  let repository: RepositoryName
  let progress: @Sendable (_ done: Int, _ total: Int) -> Void

  private struct Batch: Encodable {
    struct Object: Encodable {
      let oid: String
      let size: Int
    }

    let operation = "upload"
    let transfers = ["basic", "multipart"]
    let objects: [Object]
    let hash_algo = "sha256"
    let ref = ["name": "main"]
  }

  private struct Instructions: Decodable {
    struct Object: Decodable {
      struct Failure: Decodable {
        let message: String
      }

      struct Actions: Decodable {
        let upload: Action
        let verify: Action?
      }

      let oid: String
      let actions: Actions?
      let error: Failure?
    }

    let objects: [Object]
  }

  fileprivate struct Action: Decodable {
    let href: String
    let header: [String: String]?
  }

  private struct Completion: Encodable {
    struct Part: Encodable {
      let partNumber: Int
      let etag: String
    }

    let oid: String
    let parts: [Part]
  }

  /// Sends the files that the storage does not have. Throws `HubError`, `RepositoryError`,
  /// `UploadError`, `FileAccessError`.
  func run(_ files: [UploadFile]) async throws {
    guard !files.isEmpty else { return }
    let total = files.map(\.size).reduce(0, +)
    var done = 0
    for object in try await instructions(for: files) {
      guard let file = files.first(where: { $0.sha256 == object.oid }) else { continue }
      if let failure = object.error {
        throw UploadError.refused(
          repository: repository.description, file: file.path, message: failure.message)
      }
      if let actions = object.actions {
        let before = done
        try await send(file, by: actions.upload) { progress(before + $0, total) }
        if let verify = actions.verify { try await self.verify(file, by: verify) }
      }
      done += file.size
      progress(done, total)
    }
  }

  /// `POST /{repo}.git/info/lfs/objects/batch`.
  private func instructions(for files: [UploadFile]) async throws -> [Instructions.Object] {
    let parts = repository.parts
    let path = parts.dropLast() + ["\(parts.last ?? "").git", "info", "lfs", "objects", "batch"]
    var request = try HubRequest(
      posting: Batch(objects: files.map { Batch.Object(oid: $0.sha256, size: $0.size) }),
      to: client.address(Array(path)), of: RequestSubject(repository: repository.description))
    request.headers = [("Content-Type", Self.mediaType), ("Accept", Self.mediaType)]
    return try await client.json(request, as: Instructions.self).value.objects
  }

  private func send(
    _ file: UploadFile, by action: Action, sent: @escaping @Sendable (Int) -> Void
  ) async throws {
    let header = action.header ?? [:]
    guard let size = header["chunk_size"] else {
      let others = header.map { (name: $0.key, value: $0.value) }
      _ = try await put(file, 0..<file.size, to: action.href, headers: others, sent: sent)
      return
    }
    let addresses = header.compactMap { key, value in Int(key).map { ($0, value) } }
      .sorted { $0.0 < $1.0 }.map(\.1)
    guard let size = Int(size), size > 0, addresses.count == (file.size + size - 1) / size else {
      throw HubError.malformed(
        address: "\(client.settings.endpoint)/\(repository)",
        problem: "the parts of \(file.path) do not add up to its size")
    }
    var parts: [Completion.Part] = []
    for (index, address) in addresses.enumerated() {
      let range = index * size..<min(file.size, (index + 1) * size)
      let headers = try await put(file, range, to: address, headers: [], sent: sent)
      guard let tag = headers.first(name: "ETag"), !tag.isEmpty else {
        throw HubError.malformed(address: try url(address).withoutQuery, problem: "it has no ETag")
      }
      parts.append(Completion.Part(partNumber: index + 1, etag: tag))
    }
    var request = try HubRequest(
      posting: Completion(oid: file.sha256, parts: parts), to: url(action.href))
    request.headers = [("Content-Type", Self.mediaType), ("Accept", Self.mediaType)]
    try await finish(request)
  }

  /// Sends bytes of a file, and returns the headers of the answer.
  private func put(
    _ file: UploadFile, _ range: Range<Int>, to address: String,
    headers: [(name: String, value: String)], sent: @escaping @Sendable (Int) -> Void
  ) async throws -> HTTPHeaders {
    var request = HubRequest(try url(address))
    request.method = .PUT
    request.headers = headers
    request.body = file.body(range)
    request.sent = sent
    return try await finish(request)
  }

  private func verify(_ file: UploadFile, by action: Action) async throws {
    struct Object: Encodable {
      let oid: String
      let size: Int
    }
    var request = try HubRequest(
      posting: Object(oid: file.sha256, size: file.size), to: url(action.href))
    request.headers += (action.header ?? [:]).map { (name: $0.key, value: $0.value) }
    try await finish(request)
  }

  /// Sends a request whose answer has no content of interest.
  @discardableResult
  private func finish(_ request: HubRequest) async throws -> HTTPHeaders {
    try await client.retrying {
      let response = try await client.send(request)
      _ = try await client.body(of: response, from: request.url)
      return response.headers
    }
  }

  private func url(_ address: String) throws(HubError) -> URL {
    guard let url = URL(string: address), ["http", "https"].contains(url.scheme) else {
      throw .malformed(
        address: "\(client.settings.endpoint)/\(repository)",
        problem: "it sends files to \(address.excerpt())")
    }
    return url
  }
}
