import Foundation
import NIOHTTP1

/// A file of a repository.
package struct RepositoryFile: Sendable, Hashable {
  /// The path inside the repository, checked to be safe.
  package let path: String
  /// Bytes.
  package let size: Int
  package let digest: FileDigest
}

/// The files of a repository at one commit.
package struct RepositoryListing: Sendable {
  package let repository: RepositoryName
  /// The commit, 40 hexadecimal digits.
  package let commit: String
  package let files: [RepositoryFile]

  /// A file by its path.
  package func file(_ path: String) -> RepositoryFile? { files.first { $0.path == path } }
}

extension HubClient {
  private static let pageLimit = 200

  private struct Revision: Decodable {
    let sha: String
  }

  private struct Entry: Decodable {
    struct Large: Decodable {
      let oid: String
      let size: Int?
    }

    let type: String
    let path: String
    let size: Int?
    let oid: String?
    let lfs: Large?
  }

  /// The commit that a branch, tag or commit's name stands for
  /// (`GET /api/models/{repo}/revision/{rev}`). Throws `RepositoryError`, `HubError`.
  func commit(_ revision: String, of repository: RepositoryName) async throws -> String {
    let subject = RequestSubject(repository: repository.description, revision: revision)
    let url = try address(["api", "models"] + repository.parts + ["revision", revision])
    let answer: Revision = try await json(HubRequest(url, of: subject)).value
    guard case .gitBlob(let commit) = FileDigest(hexadecimal: answer.sha) else {
      throw HubError.malformed(address: url.withoutQuery, problem: "it names no commit")
    }
    return commit
  }

  /// All files of a repository (`GET /api/models/{repo}/tree/{commit}?recursive=true`, in pages linked
  /// by the header `Link`). Throws `RepositoryError`, `HubError`.
  package func listing(
    of repository: RepositoryName, revision: String
  ) async throws -> RepositoryListing {
    let commit = try await commit(revision, of: repository)
    let subject = RequestSubject(repository: repository.description, revision: revision)
    var next: URL? = try address(
      ["api", "models"] + repository.parts + ["tree", commit], query: [("recursive", "true")])
    var files: [RepositoryFile] = []
    var pages = 0
    while let url = next {
      pages += 1
      guard pages <= Self.pageLimit else {
        throw HubError.malformed(address: url.withoutQuery, problem: "the list of files has no end")
      }
      let (entries, headers) = try await json(HubRequest(url, of: subject), as: [Entry].self)
      for entry in entries where entry.type == "file" {
        files.append(try file(entry, of: repository, at: url))
      }
      next = Self.nextPage(headers["Link"].joined(separator: ","), after: url)
    }
    guard Set(files.map(\.path)).count == files.count else {
      throw HubError.malformed(
        address: "\(settings.endpoint)/\(repository)", problem: "it lists a file twice")
    }
    return RepositoryListing(repository: repository, commit: commit, files: files)
  }

  private func file(
    _ entry: Entry, of repository: RepositoryName, at url: URL
  ) throws -> RepositoryFile {
    if let problem = RepositoryPath.problem(entry.path) {
      throw RepositoryError.unsafeName(
        repository: repository.description, file: entry.path, problem: problem)
    }
    let digest = FileDigest(hexadecimal: entry.lfs?.oid ?? entry.oid ?? "")
    guard let digest, let size = entry.lfs?.size ?? entry.size, size >= 0 else {
      throw HubError.malformed(
        address: url.withoutQuery, problem: "\(entry.path) has no size or no hash")
    }
    return RepositoryFile(path: entry.path, size: size, digest: digest)
  }

  /// The address with `rel="next"` (RFC 8288), if it is on the same server.
  static func nextPage(_ link: String, after url: URL) -> URL? {
    for value in link.split(separator: ",") {
      let parts = value.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
      guard parts.dropFirst().contains(where: { $0 == "rel=\"next\"" || $0 == "rel=next" }),
        let target = parts.first, target.hasPrefix("<"), target.hasSuffix(">"),
        let next = URL(string: String(target.dropFirst().dropLast()), relativeTo: url)?.absoluteURL,
        next.origin == url.origin
      else { continue }
      return next
    }
    return nil
  }
}
