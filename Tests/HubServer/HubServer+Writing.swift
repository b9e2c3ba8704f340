import Foundation
import Synchronization

/// The answers to writing requests.
extension HubServer {
  private static let large = [".safetensors", ".png", ".bin"]

  /// The Hub's own answers.
  func answerToWriting(_ request: Request) -> Answer {
    let path = request.path
    // Its address is signed, so that it needs no token.
    if path == ["lfs", "complete"], request.query("signature") == "valid" {
      return complete(request)
    }
    guard isKnown(request) else {
      return Self.failure(401, "", "Invalid username or password.")
    }
    switch (request.method, path.first, path.last) {
    case ("POST", "api", "create"): return create(request)
    case ("POST", "api", "validate-yaml"): return Self.json(["errors": [], "warnings": []])
    case ("POST", "lfs", "verify"): return verify(request)
    case ("POST", _, "batch") where path.count == 6: return batch(request)
    case ("POST", "api", _) where path.count == 6:
      let name = "\(path[2])/\(path[3])"
      guard repository(name) != nil else {
        return Self.failure(404, "RepoNotFound", "Repository not found")
      }
      return path[4] == "preupload" ? preupload(request, name) : commit(request, name)
    default: return Answer(404)
    }
  }

  /// Keeps a large file, or a part of one.
  func store(_ request: Request, sha256: String, part: String?) -> Answer {
    guard request.query("signature") == "valid" else { return Answer(403) }
    if case .status(let status, let headers) = nextFault("put") {
      return Answer(status, headers: headers.map { ($0.key, $0.value) })
    }
    let tag = "\"\(StoredFile(request.body).blob)\""
    if let part, let number = Int(part) {
      state.withLock { $0.parts[sha256, default: [:]][number] = request.body }
    } else {
      guard StoredFile(request.body).sha256 == sha256 else { return Answer(400) }
      state.withLock { $0.objects[sha256] = request.body }
    }
    return Answer(200, headers: [("ETag", tag)])
  }

  private func create(_ request: Request) -> Answer {
    if case .status(let status, let headers) = nextFault("create") {
      return Answer(status, headers: headers.map { ($0.key, $0.value) })
    }
    let fields = Self.fields(request)
    let name = "\(fields["organization"] as? String ?? "me")/\(fields["name"] as? String ?? "")"
    let address = state.withLock { $0.address }
    let answer = Self.json(["url": "\(address)/\(name)", "id": name, "name": name])
    guard repository(name) == nil else {
      var answer = answer
      answer.status = 409
      return answer
    }
    let isPrivate =
      fields["private"] as? Bool == true || fields["visibility"] as? String == "private"
    add(
      StoredRepository(
        access: isPrivate ? .hidden : .open,
        files: [".gitattributes": StoredFile(Data("*.safetensors filter=lfs\n".utf8))]),
      named: name)
    return answer
  }

  private func preupload(_ request: Request, _ name: String) -> Answer {
    let files = Self.fields(request)["files"] as? [[String: Any]] ?? []
    let stored = repository(name)?.files ?? [:]
    return Self.json([
      "commitOid": repository(name)?.commit ?? "",
      "files": files.map { file in
        let path = file["path"] as? String ?? ""
        let isLarge = Self.large.contains { path.hasSuffix($0) }
        let oid = stored[path].map { $0.isLarge ? $0.sha256 : $0.blob }
        return [
          "path": path, "uploadMode": isLarge ? "lfs" : "regular", "shouldIgnore": false,
          "oid": oid as Any? ?? NSNull(),
        ]
      },
    ])
  }

  private func batch(_ request: Request) -> Answer {
    let objects = Self.fields(request)["objects"] as? [[String: Any]] ?? []
    let now = state.withLock { $0 }
    return Self.json([
      "transfer": "basic",
      "objects": objects.map { object -> [String: Any] in
        let oid = object["oid"] as? String ?? ""
        let size = object["size"] as? Int ?? 0
        var answer: [String: Any] = ["oid": oid, "size": size]
        if now.objects[oid] != nil { return answer }
        if case .status(let status, _) = nextFault("object") {
          answer["error"] = ["code": status, "message": "storage is full"]
          return answer
        }
        let place = "\(now.storageAddress)/lfs/\(oid)"
        var upload: [String: Any] = ["href": "\(place)?signature=valid"]
        if let partSize = now.partSize, size > partSize {
          var header = ["chunk_size": "\(partSize)"]
          for part in 1...(size + partSize - 1) / partSize {
            let number = String(part)
            let name = String(repeating: "0", count: 5 - number.count) + number
            header[name] = "\(place)/\(part)?signature=valid"
          }
          upload = ["href": "\(now.address)/lfs/complete?signature=valid", "header": header]
        }
        answer["actions"] = ["upload": upload, "verify": ["href": "\(now.address)/lfs/verify"]]
        return answer
      },
    ])
  }

  private func complete(_ request: Request) -> Answer {
    let fields = Self.fields(request)
    let oid = fields["oid"] as? String ?? ""
    let listed = fields["parts"] as? [[String: Any]] ?? []
    let stored = state.withLock { $0.parts[oid] ?? [:] }
    var whole = Data()
    for part in listed {
      guard let number = part["partNumber"] as? Int, let bytes = stored[number],
        part["etag"] as? String == "\"\(StoredFile(bytes).blob)\""
      else { return Answer(400) }
      whole += bytes
    }
    guard StoredFile(whole).sha256 == oid else { return Answer(400) }
    let content = whole
    state.withLock { $0.objects[oid] = content }
    return Self.json(["success": true])
  }

  private func verify(_ request: Request) -> Answer {
    let fields = Self.fields(request)
    let content = state.withLock { $0.objects[fields["oid"] as? String ?? ""] }
    return content?.count == fields["size"] as? Int ? Self.json(["success": true]) : Answer(404)
  }

  private func commit(_ request: Request, _ name: String) -> Answer {
    let fault = nextFault("commit")
    if case .status(let status, let headers) = fault {
      return Answer(status, headers: headers.map { ($0.key, $0.value) })
    }
    guard request.header("Content-Type") == "application/x-ndjson",
      var repository = repository(name)
    else { return Answer(400) }
    for line in request.body.split(separator: UInt8(ascii: "\n")) {
      let fields = Self.fields(Data(line))
      let value = fields["value"] as? [String: Any] ?? [:]
      let path = value["path"] as? String ?? ""
      switch fields["key"] as? String {
      case "header": repository.messages.append(value["summary"] as? String ?? "")
      case "file":
        guard let content = Data(base64Encoded: value["content"] as? String ?? "") else {
          return Answer(400)
        }
        repository.files[path] = StoredFile(content)
      case "lfsFile":
        let oid = value["oid"] as? String ?? ""
        guard let content = state.withLock({ $0.objects[oid] }) else { return Answer(400) }
        repository.files[path] = StoredFile(content, isLarge: true)
      default: return Answer(400)
      }
    }
    let number = String(repository.messages.count)
    repository.commit = String(repeating: "0", count: 40 - number.count) + number
    add(repository, named: name)
    let address = state.withLock { $0.address }
    var answer = Self.json([
      "success": true, "commitOid": repository.commit,
      "commitUrl": "\(address)/\(name)/commit/\(repository.commit)", "pullRequestUrl": NSNull(),
    ])
    if case .dropped(let count) = fault { answer.ending = .dropped(after: count) }
    return answer
  }

  private static func fields(_ request: Request) -> [String: Any] { fields(request.body) }

  private static func fields(_ body: Data) -> [String: Any] {
    do {
      return try JSONSerialization.jsonObject(with: body) as? [String: Any] ?? [:]
    } catch {
      return [:]
    }
  }
}
