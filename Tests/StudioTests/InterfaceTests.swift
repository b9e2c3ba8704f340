import Foundation
import RunLog
import Studio
import Testing
import Workspace

/// The description of the interface.
@Suite("Studio: interface") struct InterfaceTests {
  @Test("The description has every request of the interface, and no other")
  func description() async throws {
    let answer = try await TestStudio.serve { try await $0.get("/api/openapi.json") }
    #expect(answer.headers["content-type"] == "application/json; charset=utf-8")
    guard case .object(let paths) = try answer.json()["paths"] else {
      Issue.record("The description has no paths")
      return
    }
    let described = paths.flatMap { path, methods -> [String] in
      guard case .object(let methods) = methods else { return [] }
      return methods.keys.map { "\($0.uppercased()) \(path)" }
    }
    let server = try StudioServer(
      StudioSettings(
        project: ProjectFolder("nowhere"), program: TestStudio.executable, arguments: { _ in [] }))
    let answered = server.requests.filter { $0.contains(" /api/") && !$0.hasPrefix("HEAD ") }
      .map { $0.replacing(/:([a-z]+)/) { "{\($0.1)}" } }
    #expect(answered.count > 30)
    #expect(Set(described) == Set(answered))
  }

  @Test("Every reference of the description leads to a schema")
  func references() async throws {
    let answer = try await TestStudio.serve { try await $0.get("/api/openapi.json") }
    let json = try answer.json()
    for match in answer.text.matches(of: /"#\/components\/([a-z]+)\/([A-Za-z]+)"/) {
      #expect(json["components"]?[String(match.1)]?[String(match.2)] != nil, "\(match.2)")
    }
  }
}
