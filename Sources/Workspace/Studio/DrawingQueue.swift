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

  private static let waitInterval = Duration.seconds(1)
  private static let sendInterval = Duration.milliseconds(100)

  private struct Queue {
    var waiting: [Int64] = []
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

  private let project: ProjectFolder
  private let limit: Int
  /// Whether trainings and drawings take turns, because they would share a GPU.
  private let takesTurns: Bool
  private let idleTime: Duration
  private let drawing: ResidentDrawing
  private let queue = Mutex(Queue())

  /// - Parameter takesTurns: whether a drawing waits for a training to end, and a training for drawings.
  package init(
    _ project: ProjectFolder, limit: Int = standardLimit, idleTime: Duration = standardIdleTime,
    takesTurns: Bool
  ) {
    self.takesTurns = takesTurns
    self.project = project
    self.limit = limit
    self.idleTime = idleTime
    gallery = StudioGallery(project)
    drawing = ResidentDrawing(project)
  }

  /// Whether models are in memory.
  package var isLoaded: Bool { get async { await drawing.isLoaded } }

  // MARK: Requests

  /// Checks an order, records it as a job, and puts it at the end of the queue. Throws `StudioError`, and
  /// the errors of the order's options, runs and checkpoints.
  package func submit(_ order: PictureOrder) throws -> JobState {
    var notes: [String] = []
    let variants = try order.variants(in: project, gallery: gallery.reading()) { notes.append($0) }
    var settled = order
    if let seed = variants[0].request.drawnSeed {
      settled = try order.setting("seed", to: .unsigned(seed))
    }
    let options = variants[0].request.options
    let job = StudioJob(
      kind: JobKind.drawing.rawValue, title: options.prompt ?? "",
      request: try settled.fields.json, seed: options.seed, count: options.count * variants.count)
    return try add(job, .pictures(variants), notes)
  }

  /// The same for a comparison.
  package func submit(_ order: ComparisonOrder) throws -> JobState {
    var notes: [String] = []
    let plan = try ComparisonPlan(
      order.wish(in: project), in: RunLibrary(project), models: BaseModels(project) { _ in }
    ) { if case .note(let note) = $0 { notes.append(note) } }
    let job = StudioJob(
      kind: JobKind.comparison.rawValue, title: plan.summary.title,
      request: try order.fields.json,
      count: plan.comparison.rows.count * plan.comparison.columns.count)
    return try add(job, .comparison(order), notes)
  }

  /// Orders an earlier job again. Throws `StudioError.noJob`, and as the job was ordered.
  package func repeatJob(_ id: Int64) throws -> JobState {
    guard let job = try gallery.reading()?.job(id) else { throw StudioError.noJob(id) }
    let fields = try [String: JSONValue](json: job.request)
    return switch JobKind(rawValue: job.kind) {
    case .comparison: try submit(ComparisonOrder(fields))
    case .drawing, nil: try submit(PictureOrder(fields))
    }
  }

  private func add(
    _ job: StudioJob, _ work: DrawingJob.Work, _ notes: [String]
  ) throws -> JobState {
    let state = try queue.withLock { queue in
      guard !queue.isStopping else { throw StudioError.stopping }
      guard queue.waiting.count < limit else { throw StudioError.queueFull(limit: limit) }
      var state = JobState(try gallery.writing().add(job))
      state.position = queue.waiting.count
      state.notes = notes
      queue.waiting.append(state.id)
      queue.jobs[state.id] = DrawingJob(work: work, state: state)
      queue.freeing?.cancel()
      if queue.runner == nil { queue.runner = Task { await self.run() } }
      return state
    }
    changes.send(state)
    return state
  }

  /// Cancels a job. A running one ends after its current step and keeps its finished pictures. Throws
  /// `StudioError.noJob`, `StudioError.jobEnded`, `RunLogError`.
  package func cancel(_ id: Int64) throws {
    let moved = try queue.withLock { queue -> [JobState]? in
      guard queue.jobs[id] != nil else { return nil }
      if queue.waiting.contains(id) {
        try gallery.writing().set(.cancelled, of: id)
        queue.waiting.removeAll { $0 == id }
        var state = queue.jobs.removeValue(forKey: id)?.state
        state?.status = .cancelled
        state?.position = nil
        return [state].compactMap { $0 } + queue.positions()
      }
      queue.jobs[id]?.isCancelled = true
      return []
    }
    guard let moved else {
      guard let job = try gallery.reading()?.job(id) else { throw StudioError.noJob(id) }
      throw StudioError.jobEnded(id, status: job.status.rawValue)
    }
    for state in moved { changes.send(state) }
  }

  // MARK: Looking

  /// The active jobs, and the newest others, the newest first. Throws `RunLogError`, `FileAccessError`.
  package func jobs(limit: Int) throws -> [JobState] {
    let active = queue.withLock { $0.jobs.mapValues(\.state) }
    return try gallery.jobs(limit: limit).map { active[$0.id] ?? $0 }
  }

  /// A job. Throws `StudioError.noJob`, `RunLogError`.
  package func job(_ id: Int64) throws -> JobState {
    if let state = queue.withLock({ $0.jobs[id]?.state }) { return state }
    guard let reading = try gallery.reading(), let job = try reading.job(id) else {
      throw StudioError.noJob(id)
    }
    var state = JobState(job, pictures: try reading.pictures(ofJobs: [id]).compactMap(\.id))
    if state.status.isActive, try !gallery.isBusyElsewhere() {
      state.status = .failed
      state.failure = StudioGallery.interruption
    }
    return state
  }

  /// The latest preview of a running job, a PNG file; nil if there is none.
  package func preview(of id: Int64) -> Data? { queue.withLock { $0.jobs[id]?.preview } }

  /// Makes room for a training on the GPU. Throws `StudioError.drawing` while jobs are active.
  package func makeRoom() async throws {
    guard takesTurns else { return }
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

  // MARK: Drawing

  /// Draws until no job waits.
  private func run() async {
    while let id = next() { await draw(id) }
  }

  /// The next job, which is now running; nil ends the runner.
  private func next() -> Int64? {
    let (id, moved) = queue.withLock { queue -> (Int64?, [JobState]) in
      guard !queue.waiting.isEmpty else {
        queue.runner = nil
        queue.freeing = queue.isStopping ? nil : Task { await self.freeLater() }
        return (nil, [])
      }
      let id = queue.waiting.removeFirst()
      queue.jobs[id]?.state.status = .running
      queue.jobs[id]?.state.position = nil
      return (id, [queue.jobs[id]?.state].compactMap { $0 } + queue.positions())
    }
    for state in moved { changes.send(state) }
    return id
  }

  private func draw(_ id: Int64) async {
    guard let work = queue.withLock({ $0.jobs[id]?.work }) else { return }
    do {
      try await waitForTrainings(id)
      try gallery.writing().set(.running, of: id)
      switch work {
      case .pictures(let variants): try await draw(variants, of: id)
      case .comparison(let order): try await compare(order, of: id)
      }
      end(id, .finished)
    } catch let reason as DrawingEnd {
      switch reason {
      case .cancelled: end(id, .cancelled)
      case .stopping: end(id, .failed, StudioGallery.interruption)
      }
    } catch {
      end(id, .failed, "\(error)")
    }
  }

  /// Waits while a run is trained on the GPU.
  private func waitForTrainings(_ id: Int64) async throws {
    guard takesTurns else { return }
    while let run = try project.trainedRun() {
      await drawing.free()
      note("Waits for run \(run), which is trained on the GPU; stop it to draw now.", of: id)
      try checkCancelled(id)
      try await Task.sleep(for: Self.waitInterval)
    }
  }

  private func draw(_ variants: [OrderVariant], of id: Int64) async throws {
    let gallery = try gallery.writing()
    try DurableFile.makeFolder(project.pictures)
    for (number, variant) in variants.enumerated() {
      let names = PictureNames(in: project.pictures, job: id, variant: number)
      try await drawing.draw(
        variant.request, checkpoints: variant.checkpoints, to: names.file,
        ResidentDrawing.Reports(
          progress: { step in
            let share = Double(step.done) / Double(step.total)
            try self.advance(id, step, share: (Double(number) + share) / Double(variants.count))
          },
          preview: { self.show($0, of: id) }, note: { self.note($0, of: id) },
          written: { file, record in
            let picture = try gallery.add(
              GalleryPicture(file, record, job: id, variant: number, in: self.project))
            self.change(id) { $0.state.pictures.append(picture.id ?? 0) }
          }))
    }
  }

  private func compare(_ order: ComparisonOrder, of id: Int64) async throws {
    let folder = project.comparison(id)
    try await drawing.compare(
      order.wish(in: project), to: folder, note: { self.note($0, of: id) },
      progress: { progress in
        try self.advance(id, progress.step, share: progress.share)
      })
  }

  /// Frees the models after some time without a job.
  private func freeLater() async {
    do {
      try await Task.sleep(for: idleTime)
    } catch {
      return
    }
    await drawing.free()
  }

  private func advance(_ id: Int64, _ step: DrawingStep?, share: Double) throws {
    try checkCancelled(id)
    change(id, isThrottled: step.map { $0.step < $0.steps } ?? true) { job in
      job.state.step = step?.step ?? job.state.step
      job.state.steps = step?.steps ?? job.state.steps
      job.state.share = share
    }
  }

  private func checkCancelled(_ id: Int64) throws {
    let (isCancelled, isStopping) = queue.withLock {
      ($0.jobs[id]?.isCancelled ?? true, $0.isStopping)
    }
    guard !isCancelled else { throw isStopping ? DrawingEnd.stopping : DrawingEnd.cancelled }
  }

  private func show(_ picture: Picture, of id: Int64) {
    do {
      let file = try PNGEncoder.encode(picture.image)
      change(id) { job in
        job.preview = file
        job.state.preview += 1
      }
    } catch {
      // A preview that is missing changes no picture.
    }
  }

  private func note(_ sentence: String, of id: Int64) {
    change(id) { job in
      if !job.state.notes.contains(sentence) { job.state.notes.append(sentence) }
    }
  }

  private func end(_ id: Int64, _ status: JobStatus, _ failure: String? = nil) {
    var failure = failure
    do {
      try gallery.writing().set(status, of: id, failure: failure)
    } catch {
      failure = "\(failure ?? "") The end of the job could not be recorded: \(error)"
    }
    let state = queue.withLock { queue -> JobState? in
      var state = queue.jobs.removeValue(forKey: id)?.state
      state?.status = status
      state?.failure = failure
      if status == .finished { state?.share = 1 }
      return state
    }
    if let state { changes.send(state) }
  }

  /// Changes a job and tells the listeners, but not more often than they can follow if throttled.
  private func change(
    _ id: Int64, isThrottled: Bool = false, _ change: (inout DrawingJob) -> Void
  ) {
    let state = queue.withLock { queue -> JobState? in
      guard var job = queue.jobs[id] else { return nil }
      change(&job)
      let now = ContinuousClock.now
      let isSent = !isThrottled || now - job.sent >= Self.sendInterval
      if isSent { job.sent = now }
      queue.jobs[id] = job
      return isSent ? job.state : nil
    }
    if let state { changes.send(state) }
  }
}
