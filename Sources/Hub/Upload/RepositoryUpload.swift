import AsyncHTTPClient
import Files
import Foundation
import NIOHTTP1

/// What an upload has done.
package enum UploadOutcome: Sendable, Equatable {
  /// A commit with these files, and its address.
  case committed(files: [String], address: String)
  /// All files were there already.
  case unchanged
}

extension HubClient {
  private struct Created: Encodable {
    let name: String
    let organization: String?
    let type = "model"
    let `private`: Bool?
  }

  private struct Candidates: Encodable {
    struct File: Encodable {
      let path: String
      let sample: String
      let size: Int
    }

    let files: [File]
  }

  private struct Modes: Decodable {
    struct Mode: Decodable {
      let path: String
      let uploadMode: String
      let shouldIgnore: Bool?
      let oid: String?
    }

    let files: [Mode]
  }

  private struct Committed: Decodable {
    let commitUrl: String
  }

  /// Puts files into a repository with one commit, and makes the repository if there is none. Large
  /// files that are in its storage already are not sent again, and files that have not changed are not
  /// committed again, so an upload that broke off is continued by a second one. Throws `HubError`,
  /// `RepositoryError`, `UploadError`, `FileAccessError`, `CancellationError`.
  ///
  /// - Parameters:
  ///   - isPrivate: whether a new repository is private.
  ///   - progress: takes the bytes of large files that are sent, and their sum.
  package func upload(
    _ files: [UploadFile], to repository: RepositoryName, message: String, isPrivate: Bool,
    progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void
  ) async throws -> UploadOutcome {
    if settings.isOffline { throw UploadError.offline }
    guard settings.token != nil else { throw UploadError.noToken }
    try await make(repository, isPrivate: isPrivate)
    // A commit whose answer is lost may have been made: the files then have not changed any more.
    return try await retrying {
      let (regular, large) = try await changes(files, in: repository)
      guard !regular.isEmpty || !large.isEmpty else { return .unchanged }
      try await LargeFileUpload(client: self, repository: repository, progress: progress).run(large)
      let address = try await commit(regular, large, to: repository, message: message)
      return .committed(files: (regular + large).map(\.path).sorted(), address: address)
    }
  }

  /// Makes a repository if there is none. Throws as ``upload(_:to:message:isPrivate:progress:)``.
  private func make(_ repository: RepositoryName, isPrivate: Bool) async throws {
    do {
      try await create(repository, isPrivate: isPrivate)
    } catch RepositoryError.notFound {
      // Nobody needs a repository to make one, so it is the token.
      throw RepositoryError.badToken
    } catch let error as RepositoryError {
      // A token may permit to write into this repository only, and not to make others.
      do {
        _ = try await commit("main", of: repository)
      } catch is RepositoryError {
        throw error
      }
    }
  }

  /// Sends `POST /api/repos/create`. Status 409 is the answer for a repository that exists.
  private func create(_ repository: RepositoryName, isPrivate: Bool) async throws {
    var request = try HubRequest(
      posting: Created(
        name: repository.name, organization: repository.owner, private: isPrivate ? true : nil),
      to: address(["api", "repos", "create"]),
      of: RequestSubject(repository: repository.description))
    request.accepted = [409]
    try await retrying {
      let response = try await send(request)
      let text = String(decoding: try await body(of: response, from: request.url), as: UTF8.self)
      if response.status.code == 409, text.contains("another conflicting operation") {
        throw Interruption(
          error: .refused(address: request.url.withoutQuery, status: 409, message: text.excerpt()))
      }
    }
  }

  /// The files that differ from those in the repository: small ones that go into git, and large ones
  /// (`POST /api/models/{repo}/preupload/{rev}`).
  private func changes(
    _ files: [UploadFile], in repository: RepositoryName
  ) async throws -> (regular: [UploadFile], large: [UploadFile]) {
    let request = try HubRequest(
      posting: Candidates(
        files: files.map { file in
          Candidates.File(
            path: file.path, sample: file.sample.base64EncodedString(), size: file.size)
        }),
      to: address(["api", "models"] + repository.parts + ["preupload", "main"]),
      of: RequestSubject(repository: repository.description))
    let modes = try await json(request, as: Modes.self).value.files
    var regular: [UploadFile] = []
    var large: [UploadFile] = []
    for file in files {
      guard let mode = modes.first(where: { $0.path == file.path }) else {
        throw HubError.malformed(
          address: request.url.withoutQuery, problem: "it does not mention \(file.path)")
      }
      if mode.shouldIgnore == true {
        throw UploadError.ignored(repository: repository.description, file: file.path)
      }
      if mode.uploadMode == "lfs", file.size > 0 {
        if mode.oid != file.sha256 { large.append(file) }
      } else if mode.oid != file.blob {
        regular.append(file)
      }
    }
    return (regular, large)
  }

  /// Makes a commit (`POST /api/models/{repo}/commit/{rev}`), sent once. Returns its address.
  private func commit(
    _ regular: [UploadFile], _ large: [UploadFile], to repository: RepositoryName, message: String
  ) async throws -> String {
    var lines = [try CommitLine.header(summary: message)]
    for file in regular { lines.append(try CommitLine.file(file)) }
    for file in large { lines.append(try CommitLine.largeFile(file)) }
    var request = HubRequest(
      try address(["api", "models"] + repository.parts + ["commit", "main"]),
      of: RequestSubject(repository: repository.description))
    request.method = .POST
    request.headers = [("Content-Type", "application/x-ndjson")]
    request.body = .bytes(lines.reduce(into: Data()) { $0 += $1 + Data("\n".utf8) })
    let response = try await send(request)
    let answer = try await body(of: response, from: request.url)
    do {
      return try JSONDecoder().decode(Committed.self, from: answer).commitUrl
    } catch {
      throw HubError.malformed(
        address: request.url.withoutQuery, problem: "it does not name the commit")
    }
  }
}

/// The lines of a commit, each a JSON document.
private enum CommitLine {
  private struct Line<Value: Encodable>: Encodable {
    let key: String
    let value: Value
  }

  static func header(summary: String) throws -> Data {
    try JSONEncoder().encode(Line(key: "header", value: ["summary": summary, "description": ""]))
  }

  static func file(_ file: UploadFile) throws -> Data {
    try JSONEncoder().encode(
      Line(
        key: "file",
        value: [
          "path": file.path, "encoding": "base64",
          "content": try file.content().base64EncodedString(),
        ]))
  }

  static func largeFile(_ file: UploadFile) throws -> Data {
    struct Pointer: Encodable {
      let path: String
      let algo = "sha256"
      let oid: String
      let size: Int
    }
    return try JSONEncoder().encode(
      Line(key: "lfsFile", value: Pointer(path: file.path, oid: file.sha256, size: file.size)))
  }
}
