import Foundation
import Synchronization

/// The answers to reading requests.
extension HubServer {
  /// The Hub's own answers.
  public func answer(_ request: Request) -> Answer {
    var path = request.path
    if path.first == "api" {
      path.removeFirst()
      guard path.first == "models", path.count >= 5 else { return answerToWriting(request) }
      let name = "\(path[1])/\(path[2])"
      switch (request.method, path[3]) {
      case ("GET", "revision"), ("GET", "tree"):
        return about(name, request) { repository in
          guard ["main", repository.commit].contains(path[4]) else {
            return Self.failure(404, "RevisionNotFound", "Invalid rev id: \(path[4])")
          }
          let fault = nextFault(path[3]).map { apply($0, to: .init(200), of: nil) }
          return fault
            ?? (path[3] == "tree"
              ? tree(repository, request)
              : Self.json([
                "id": name, "sha": repository.commit,
                "siblings": repository.files.keys.sorted().map { ["rfilename": $0] },
              ]))
        }
      default: return answerToWriting(request)
      }
    }
    guard path.count > 4, path[2] == "resolve" else { return answerToWriting(request) }
    let name = "\(path[0])/\(path[1])"
    return about(name, request) { repository in
      if repository.access == .gated, !isKnown(request) {
        return Self.failure(
          401, "GatedRepo", "Access to model \(name) is restricted. You must have access to it.")
      }
      guard ["main", repository.commit].contains(path[3]) else {
        return Self.failure(404, "RevisionNotFound", "Invalid rev id: \(path[3])")
      }
      let file = path[4...].joined(separator: "/")
      guard let stored = repository.files[file] else {
        return Self.failure(404, "EntryNotFound", "Entry not found")
      }
      return content(of: stored, at: file, in: repository, request)
    }
  }

  /// The answers of the storage.
  func answerOfStorage(_ request: Request) -> Answer {
    let path = request.path
    guard path.count >= 2, path[0] == "lfs" else { return Answer(404) }
    if request.method == "PUT" {
      return store(request, sha256: path[1], part: path.dropFirst(2).first)
    }
    let (content, place) = state.withLock { state in
      (
        state.objects[path[1]],
        state.repositories.values.lazy.flatMap(\.files).first { $0.value.sha256 == path[1] }?.key
      )
    }
    guard let content, request.query("signature") == "valid" else { return Answer(403) }
    let file = StoredFile(content, isLarge: true)
    let fault = nextFault(place ?? "")
    return fault.map { apply($0, to: Self.bytes(of: file, request), of: file) }
      ?? Self.bytes(of: file, request)
  }

  /// Whether a request has the right token.
  func isKnown(_ request: Request) -> Bool {
    request.header("Authorization") == "Bearer \(Self.token)"
  }

  /// An error of the Hub.
  static func failure(_ status: Int, _ code: String, _ message: String) -> Answer {
    Answer(
      status, headers: [("X-Error-Code", code), ("X-Error-Message", message)],
      body: Data("{\"error\":\"\(message)\"}".utf8))
  }

  /// An answer in JSON.
  static func json(_ value: Any, headers: [(name: String, value: String)] = []) -> Answer {
    do {
      return Answer(
        200, headers: [("Content-Type", "application/json; charset=utf-8")] + headers,
        body: try JSONSerialization.data(withJSONObject: value))
    } catch {
      return Answer(500, body: Data("\(error)".utf8))
    }
  }

  private func about(
    _ name: String, _ request: Request, answer: (StoredRepository) -> Answer
  ) -> Answer {
    if let header = request.header("Authorization"), header != "Bearer \(Self.token)" {
      return Answer(
        401, headers: [("X-Error-Message", "Invalid credentials in Authorization header")])
    }
    guard let repository = repository(name), repository.access != .hidden || isKnown(request) else {
      return isKnown(request)
        ? Self.failure(404, "RepoNotFound", "Repository not found")
        : Self.failure(401, "RepoNotFound", "Invalid username or password.")
    }
    return answer(repository)
  }

  private func tree(_ repository: StoredRepository, _ request: Request) -> Answer {
    let (size, address) = state.withLock { ($0.pageSize, $0.address) }
    let start = Int(request.query("cursor") ?? "0") ?? 0
    let names = repository.files.keys.sorted()
    var entries: [[String: Any]] =
      start == 0
      ? [["type": "directory", "oid": repository.commit, "size": 0, "path": "folder"]] : []
    for name in names.dropFirst(start).prefix(size) {
      guard let file = repository.files[name] else { continue }
      let size = repository.listedSizes[name] ?? file.content.count
      var entry: [String: Any] = ["type": "file", "oid": file.blob, "size": size, "path": name]
      if file.isLarge { entry["lfs"] = ["oid": file.sha256, "size": size, "pointerSize": 134] }
      entries.append(entry)
    }
    guard start + size < names.count else { return Self.json(entries) }
    let path = request.target.prefix { $0 != "?" }
    let next = "<\(address)\(path)?recursive=true&cursor=\(start + size)>; rel=\"next\""
    return Self.json(entries, headers: [("Link", next)])
  }

  private func content(
    of file: StoredFile, at path: String, in repository: StoredRepository, _ request: Request
  ) -> Answer {
    let shared = [("X-Repo-Commit", repository.commit), ("ETag", file.tag)]
    guard file.isLarge else {
      var answer = Self.bytes(of: file, request)
      answer.headers += [("X-Repo-Commit", repository.commit)]
      return nextFault(path).map { apply($0, to: answer, of: file) } ?? answer
    }
    let storage = state.withLock { $0.storageAddress }
    return Answer(
      302,
      headers: shared + [
        ("Location", "\(storage)/lfs/\(file.sha256)?signature=valid"),
        ("X-Linked-Size", "\(file.content.count)"), ("X-Linked-ETag", file.tag),
      ])
  }

  /// The bytes that a request asks for.
  private static func bytes(of file: StoredFile, _ request: Request) -> Answer {
    let content = file.content
    var headers = [("ETag", file.tag), ("Accept-Ranges", "bytes")]
    guard let range = request.header("Range"),
      let match = range.wholeMatch(of: /bytes=(\d+)-(\d*)/), let start = Int(match.1),
      request.header("If-Range").map({ $0 == file.tag }) ?? true
    else { return Answer(200, headers: headers, body: content) }
    guard start < content.count else {
      return Answer(416, headers: headers + [("Content-Range", "bytes */\(content.count)")])
    }
    headers.append(("Content-Range", "bytes \(start)-\(content.count - 1)/\(content.count)"))
    return Answer(206, headers: headers, body: Data(content.dropFirst(start)))
  }

  /// An answer with a fault.
  private func apply(_ fault: Fault, to answer: Answer, of file: StoredFile?) -> Answer {
    var answer = answer
    switch fault {
    case .status(let status, let headers):
      return Answer(status, headers: headers.map { ($0.key, $0.value) })
    case .redirect(let target): return Answer(302, headers: [("Location", target)])
    case .dropped(let count): answer.ending = .dropped(after: count)
    case .truncated(let count): answer.ending = .truncated(to: count)
    case .stalled(let count): answer.ending = .stalled(after: count)
    case .wrongBytes: answer.body = Data(answer.body.map { $0 ^ 0x55 })
    case .tooLong: answer.body += Data(count: 100)
    case .ignoredRange:
      return Answer(200, headers: [("ETag", file?.tag ?? "")], body: file?.content ?? Data())
    case .wrongRange:
      answer.headers = answer.headers.map {
        $0.name == "Content-Range" ? ($0.name, "bytes 1-2/3") : $0
      }
    }
    return answer
  }
}
