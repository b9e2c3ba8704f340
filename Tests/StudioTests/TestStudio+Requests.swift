import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import RunLog
import Testing

/// An answer of the studio.
struct StudioAnswer: Sendable {
  let status: Int
  let headers: [String: String]
  let data: Data

  var text: String { String(decoding: data, as: UTF8.self) }

  /// The content as JSON.
  func json() throws -> JSONValue { try JSONDecoder().decode(JSONValue.self, from: data) }

  /// The sentence of an error.
  var message: String {
    get throws { try json()["error"]?["message"]?.text ?? "" }
  }
}

extension JSONValue {
  subscript(_ key: String) -> JSONValue? {
    if case .object(let fields) = self { fields[key] } else { nil }
  }

  var items: [JSONValue] { if case .array(let items) = self { items } else { [] } }
  var text: String? { if case .string(let text) = self { text } else { nil } }
  var number: Int? { if case .integer(let number) = self { Int(number) } else { nil } }
}

extension TestStudio {
  func get(_ path: String, headers: [String: String] = [:]) async throws -> StudioAnswer {
    try await send("GET", path, headers: headers)
  }

  /// Sends a request. Redirects are not followed.
  func send(
    _ method: String, _ path: String, _ body: String? = nil, headers: [String: String] = [:]
  ) async throws -> StudioAnswer {
    var request = HTTPClientRequest(url: address + path)
    request.method = HTTPMethod(rawValue: method)
    for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
    if let body { request.body = .bytes(Data(body.utf8)) }
    let response = try await Self.client.execute(request, timeout: .seconds(120))
    let data = try await response.body.collect(upTo: 64 << 20)
    return StudioAnswer(
      status: Int(response.status.code),
      headers: Dictionary(
        response.headers.map { ($0.name.lowercased(), $0.value) }, uniquingKeysWith: { $1 }),
      data: Data(data.readableBytesView))
  }

  /// Draws and waits for the end of the job. Returns the job.
  @discardableResult
  func draw(_ order: String) async throws -> JSONValue {
    let answer = try await send("POST", "/api/pictures", order)
    #expect(answer.status == 202, "\(answer.text)")
    let id = try #require(try answer.json()["id"]?.number)
    return try await end(ofJob: id)
  }

  /// Waits for the end of a job.
  func end(ofJob id: Int) async throws -> JSONValue {
    var job = JSONValue.null
    try await waitUntil("the end of job \(id)") {
      job = try await get("/api/jobs/\(id)").json()
      return !["waiting", "running"].contains(job["status"]?.text)
    }
    return job
  }

  /// A client that follows no redirects. It lives as long as the process.
  static let client: HTTPClient = {
    var configuration = HTTPClient.Configuration()
    configuration.redirectConfiguration = .disallow
    return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }()
}

extension TestStudio {
  /// Sends a file to a dataset.
  func add(_ data: Data, named name: String, to subject: String) async throws -> StudioAnswer {
    let query = name.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    return try await add(data, to: "/api/datasets/\(subject)/files?name=\(query)", method: "POST")
  }

  /// Sends a file to a path.
  func add(_ data: Data, to path: String, method: String) async throws -> StudioAnswer {
    var request = HTTPClientRequest(url: address + path)
    request.method = HTTPMethod(rawValue: method)
    request.body = .bytes(data)
    let response = try await Self.client.execute(request, timeout: .seconds(120))
    let answer = try await response.body.collect(upTo: 1 << 20)
    return StudioAnswer(
      status: Int(response.status.code), headers: [:], data: Data(answer.readableBytesView))
  }

  /// Starts a run and waits for its end. Returns its number.
  func train(_ order: String) async throws -> Int {
    let answer = try await send("POST", "/api/runs", order)
    #expect(answer.status == 202, "\(answer.text)")
    let state = try await end(ofProcess: try answer.json())
    return try #require(state["run"]?.number, "\(state)")
  }

  /// Waits for the end of a process that was started.
  func end(ofProcess started: JSONValue) async throws -> JSONValue {
    let id = try #require(started["id"]?.number)
    var state = JSONValue.null
    try await waitUntil("the end of process \(id)") {
      state = try await get("/api/processes/\(id)").json()
      return state["is_running"] == .bool(false)
    }
    return state
  }

  /// Makes a campaign of four pictures with the base model, and draws it.
  func drawCampaign(_ name: String) async throws {
    let made = try await send("POST", "/api/campaigns", #"{"name": "\#(name)"}"#)
    #expect(made.status == 201, "\(made.text)")
    let saved = try await send(
      "PUT", "/api/campaigns/\(name)",
      #"""
      {"form": {"prompt": "a photo of a {color} ball{place}", "seeds": ["1"], "strengths": [],
        "lists": [{"name": "color", "entries": ["red", "blue: light"]},
          {"name": "place", "entries": ["", "{text: \", left\", name: left, guidance: 4}"]}],
        "options": {"steps": "2"}}, "painter": {"model": "demo"}}
      """#)
    #expect(saved.status == 204, "\(saved.text)")
    let answer = try await send("POST", "/api/campaigns/\(name)/draw")
    let id = try #require(try answer.json()["id"]?.number, "\(answer.text)")
    let job = try await end(ofJob: id)
    #expect(job["status"]?.text == "finished", "\(job)")
  }
}
