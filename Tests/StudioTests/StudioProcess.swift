import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import RunLog

/// `lora-train serve` in its own process.
final class StudioProcess: Sendable {
  private let process: Process
  private let messages: URL

  init(in folder: URL) throws {
    messages = folder.appending(path: "serve-\(UUID().uuidString).txt")
    try Data().write(to: messages)
    process = Process()
    process.executableURL = TestStudio.executable
    process.arguments = ["serve", "--port", "0"]
    process.currentDirectoryURL = folder
    process.environment = ProcessInfo.processInfo.environment
      .merging(["OMP_NUM_THREADS": "1"]) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = try FileHandle(forWritingTo: messages)
    try process.run()
  }

  deinit { if process.isRunning { kill() } }

  func get(_ path: String) async throws -> JSONValue {
    try await send(HTTPClientRequest(url: try await address() + path))
  }

  func post(_ path: String, _ body: String) async throws -> JSONValue {
    var request = try await HTTPClientRequest(url: address() + path)
    request.method = .POST
    request.body = .bytes(Data(body.utf8))
    return try await send(request)
  }

  /// The address that the server prints once it listens, without the slash at its end.
  private func address() async throws -> String {
    var address = ""
    try await waitUntil("the address of the studio") {
      let text = try String(contentsOf: messages, encoding: .utf8)
      guard let match = text.firstMatch(of: /(http:\/\/127\.0\.0\.1:[0-9]+)\//) else {
        return false
      }
      address = String(match.1)
      return true
    }
    return address
  }

  private func send(_ request: HTTPClientRequest) async throws -> JSONValue {
    let response = try await TestStudio.client.execute(request, timeout: .seconds(120))
    let data = try await response.body.collect(upTo: 16 << 20)
    return try JSONDecoder().decode(JSONValue.self, from: Data(data.readableBytesView))
  }

  /// Sends SIGINT to the process group, as Ctrl-C in a terminal does.
  func interruptGroup() {
    let group = getpgid(process.processIdentifier)
    // The tests may be in the same group.
    if group != getpgrp() { Foundation.kill(-group, SIGINT) }
  }

  func kill() {
    Foundation.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }
}
