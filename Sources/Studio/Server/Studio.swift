import Foundation
import Hummingbird
import NIOCore
import Pages
import RunLog
import Workspace

/// What the routes of the studio share.
struct Studio: Sendable {
  let project: ProjectFolder
  /// The folder with `Datasets` and `Configs`.
  let home: URL
  let queue: DrawingQueue
  let trainings: TrainingProcesses
  let watch: RunWatch
  let thumbnails = Thumbnails()
  let templates: StudioTemplates

  init(_ settings: StudioSettings) throws {
    project = settings.project
    home = settings.home
    queue = DrawingQueue(
      settings.project, limit: settings.queueLimit, idleTime: settings.idleTime,
      takesTurns: settings.takesTurns)
    trainings = TrainingProcesses(
      settings.project, home: settings.home, program: settings.program,
      arguments: settings.arguments)
    watch = RunWatch(settings.project)
    templates = try StudioTemplates()
  }

  /// Ends the drawings and the streams. Trainings go on.
  func stop() async {
    watch.stop()
    await queue.stop()
  }

  /// The fields of a request's JSON object. Throws `RequestError`.
  func fields(of request: Request) async throws -> [String: JSONValue] {
    try await Self.decoded([String: JSONValue].self, of: request)
  }

  /// The value of a request's JSON. Throws `RequestError`.
  static func decoded<Value: Decodable>(
    _ type: Value.Type, of request: Request
  ) async throws -> Value {
    let data = try await body(of: request, limit: longestRequest)
    do {
      return try JSONDecoder().decode(type, from: data)
    } catch is DecodingError {
      throw RequestError.notJSON
    }
  }

  /// The whole body of a request. Throws `RequestError.tooLarge`.
  static func body(of request: Request, limit: Int) async throws -> Data {
    do {
      return Data(try await request.body.collect(upTo: limit).readableBytesView)
    } catch is NIOTooManyBytesError {
      throw RequestError.tooLarge(limit: limit)
    }
  }

  private static let longestRequest = 1 << 20
}

extension BasicRequestContext {
  /// The number in a request's path. Throws `RequestError.noPage` for another text.
  func number(_ name: String, _ request: Request) throws -> Int64 {
    guard let text = parameters.get(name), let number = Int64(text), number >= 0 else {
      throw RequestError.noPage(request.uri.path)
    }
    return number
  }
}
