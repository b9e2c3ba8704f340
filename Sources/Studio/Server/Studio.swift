import Foundation
import Hummingbird
import Pages
import RunLog
import Workspace

/// What the routes of the studio share.
struct Studio: Sendable {
  let project: ProjectFolder
  /// The folder with `Datasets` and `Configs`.
  let home: URL
  let queue: DrawingQueue
  let processes: ChildProcesses
  let watch: RunWatch
  let feed: JobFeed
  let thumbnails = Thumbnails()
  let reports = DatasetReports()
  let uploads = Uploads()
  /// Whether trainings and drawings take turns.
  let takesTurns: Bool
  let templates: StudioTemplates

  init(_ settings: StudioSettings) throws {
    project = settings.project
    home = settings.home
    let processes = ChildProcesses(
      settings.project, home: settings.home, program: settings.program,
      arguments: settings.arguments)
    self.processes = processes
    takesTurns = settings.takesTurns
    let isTraining: @Sendable () -> Bool = { processes.isTraining }
    queue = DrawingQueue(
      settings.project, limit: settings.queueLimit, idleTime: settings.idleTime,
      waitsFor: settings.takesTurns ? isTraining : nil)
    feed = JobFeed(queue)
    watch = RunWatch(settings.project)
    templates = try StudioTemplates()
  }

  /// Ends the drawings and the streams. Trainings go on.
  func stop() async {
    watch.stop()
    await queue.stop()
  }
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
