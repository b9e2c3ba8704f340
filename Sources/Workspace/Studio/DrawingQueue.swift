import Drawing
import Files
package import Foundation
import Images
import RunLog
import StableDiffusion
import Synchronization

/// The drawings of the studio: one is drawn at a time, the others wait in order. All are recorded in the
/// gallery, each picture as soon as it is finished.
package final class DrawingQueue: Sendable {
  /// The most drawings that wait.
  package static let standardLimit = 50
  /// The time without a drawing after which the models are freed.
  package static let standardIdleTime = Duration.seconds(300)

  struct Queue {
    var waiting: [Int64] = []
    /// The jobs that are being recorded.
    var reserved = 0
    /// The ends of jobs that could not be recorded yet.
    var unrecorded: [Int64: JobState] = [:]
    var jobs: [Int64: DrawingJob] = [:]
    var runner: Task<Void, Never>?
    var freeing: Task<Void, Never>?
    var isStopping = false

    /// Numbers the waiting jobs anew, and returns their states.
    mutating func positions() -> [JobState] {
      for (place, id) in waiting.enumerated() { jobs[id]?.state.position = place }
      return waiting.compactMap { jobs[$0]?.state }
    }
  }

  package let gallery: StudioGallery
  /// The states of jobs whenever they change.
  package let changes = Broadcast<JobState>()

  let project: ProjectFolder
  let limit: Int
  /// Whether a training has been started that drawings wait for; nil: they wait for none.
  let waitsFor: (@Sendable () -> Bool)?
  let idleTime: Duration
  let drawing: ResidentDrawing
  let queue = Mutex(Queue())

  /// - Parameter waitsFor: returns whether a training has been started that may not be recorded yet. With it,
  ///   drawings and trainings take turns, because they would share a GPU.
  package init(
    _ project: ProjectFolder, limit: Int = standardLimit, idleTime: Duration = standardIdleTime,
    waitsFor: (@Sendable () -> Bool)? = nil
  ) {
    self.waitsFor = waitsFor
    self.project = project
    self.limit = limit
    self.idleTime = idleTime
    gallery = StudioGallery(project)
    drawing = ResidentDrawing(project)
  }

  /// Whether models are in memory.
  package var isLoaded: Bool { get async { await drawing.isLoaded } }

  /// The active jobs, and the newest others, the newest first. Throws `RunLogError`, `FileAccessError`.
  package func jobs(limit: Int) throws -> [JobState] {
    let known = queue.withLock { $0.jobs.mapValues(\.state).merging($0.unrecorded) { $1 } }
    return try gallery.jobs(limit: limit).map { known[$0.id] ?? $0 }
  }

  /// A job. Throws `StudioError.noJob`, `RunLogError`.
  package func job(_ id: Int64) throws -> JobState {
    let known = queue.withLock { $0.jobs[id]?.state ?? $0.unrecorded[id] }
    guard let state = try known ?? gallery.job(id) else { throw StudioError.noJob(id) }
    return state
  }

  /// The latest preview of a running job, a PNG file; nil if there is none.
  package func preview(of id: Int64) -> Data? { queue.withLock { $0.jobs[id]?.preview } }

  /// Makes room for a training on the GPU. Throws `StudioError.drawing` while jobs are active.
  package func makeRoom() async throws {
    guard waitsFor != nil else { return }
    if let job = queue.withLock({ $0.jobs.keys.min() }) { throw StudioError.drawing(job: job) }
    await drawing.free()
  }

  /// Ends all jobs, which are recorded as failed, and frees the models.
  package func stop() async {
    let (runner, waiting) = queue.withLock { queue in
      queue.isStopping = true
      queue.freeing?.cancel()
      for id in queue.jobs.keys { queue.jobs[id]?.isCancelled = true }
      defer { queue.waiting = [] }
      return (queue.runner, queue.waiting)
    }
    for id in waiting { end(id, .failed, StudioGallery.interruption) }
    await runner?.value
    await drawing.free()
    changes.finish()
  }

  /// Records the end of a job, and tells the listeners. If that fails, it is kept and recorded later.
  func record(_ state: JobState) {
    queue.withLock { $0.unrecorded[state.id] = state }
    recordEnds()
    changes.send(state)
  }

  /// Records the ends of jobs that are not recorded yet, as far as possible.
  func recordEnds() {
    for (id, state) in queue.withLock({ $0.unrecorded }) {
      do {
        try gallery.writing().set(state.status, of: id, failure: state.failure)
        _ = queue.withLock { $0.unrecorded.removeValue(forKey: id) }
      } catch {
        // The next end or the next order tries again. Until then, the state in memory is shown.
        return
      }
    }
  }
}
