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

  /// The most pictures of one job.
  private static let mostPictures = 2000

  private static let waitInterval = Duration.seconds(1)
  private static let sendInterval = Duration.milliseconds(100)

  private struct Queue {
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

  private let project: ProjectFolder
  private let limit: Int
  /// Whether a training has been started that drawings wait for; nil: they wait for none.
  private let waitsFor: (@Sendable () -> Bool)?
  private let idleTime: Duration
  private let drawing: ResidentDrawing
  private let queue = Mutex(Queue())

  /// - Parameter waitsFor: says whether a training has been started that may not be recorded yet. With it,
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
      kind: JobKind.drawing.rawValue, title: (options.prompt ?? "").jobTitle,
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
      kind: JobKind.comparison.rawValue, title: plan.summary.title.jobTitle,
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
    guard job.count <= Self.mostPictures else {
      throw StudioError.tooMany(job.count, limit: Self.mostPictures)
    }
    try queue.withLock { queue in
      guard !queue.isStopping else { throw StudioError.stopping }
      guard queue.waiting.count + queue.reserved < limit else {
        throw StudioError.queueFull(limit: limit)
      }
      queue.reserved += 1
    }
    defer { queue.withLock { $0.reserved -= 1 } }
    recordEnds()
    var state = JobState(try gallery.writing().add(job))
    state.notes = notes
    let added = queue.withLock { [state] queue in
      var state = state
      state.position = queue.waiting.count
      queue.waiting.append(state.id)
      queue.jobs[state.id] = DrawingJob(work: work, state: state)
      queue.freeing?.cancel()
      if queue.runner == nil { queue.runner = Task { await self.run() } }
      return state
    }
    changes.send(added)
    return added
  }

  /// Cancels a job. A running one ends after its current step and keeps its finished pictures. Throws
  /// `StudioError.noJob`, `StudioError.jobEnded`, `RunLogError`.
  package func cancel(_ id: Int64) throws {
    let moved = queue.withLock {
      queue -> (isKnown: Bool, cancelled: JobState?, others: [JobState]) in
      guard queue.jobs[id] != nil else { return (false, nil, []) }
      guard queue.waiting.contains(id) else {
        queue.jobs[id]?.isCancelled = true
        return (true, nil, [])
      }
      queue.waiting.removeAll { $0 == id }
      var state = queue.jobs.removeValue(forKey: id)?.state
      state?.status = .cancelled
      state?.position = nil
      return (true, state, queue.positions())
    }
    guard moved.isKnown else {
      if let holder = try gallery.otherHolder() { throw StudioError.busy(holder: holder) }
      throw StudioError.jobEnded(id, status: try job(id).status.rawValue)
    }
    if let cancelled = moved.cancelled { record(cancelled) }
    for state in moved.others { changes.send(state) }
  }

  // MARK: Looking

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
    guard let waitsFor else { return }
    func isTraining() async throws -> Bool {
      if waitsFor() { return true }
      return try await drawing.trainedRun() != nil
    }
    guard try await isTraining() else { return }
    await drawing.free()
    let sentence = "Waits for the run that is trained on the GPU; stop it to draw now."
    note(sentence, of: id)
    repeat {
      try checkCancelled(id)
      try await Task.sleep(for: Self.waitInterval)
    } while try await isTraining()
    change(id) { job in job.state.notes.removeAll { $0 == sentence } }
  }

  private func draw(_ variants: [OrderVariant], of id: Int64) async throws {
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
            let new = try GalleryPicture(
              file, record, job: id, variant: number, in: self.project)
            self.record(new, of: id)
          }))
    }
  }

  /// Records a picture that is on the disk. If that fails, it is found there later.
  private func record(_ picture: GalleryPicture, of id: Int64) {
    do {
      let recorded = try gallery.writing().add(picture)
      change(id) { $0.state.pictures.append(recorded.id ?? 0) }
    } catch {
      gallery.recoverLater()
      note("A picture could not be recorded yet: \(error)", of: id)
    }
  }

  private func compare(_ order: ComparisonOrder, of id: Int64) async throws {
    let name = PictureNames.start(id)
    let folder = project.comparisons.appending(path: name)
    try gallery.writing().setResult("\(project.comparisons.lastPathComponent)/\(name)", of: id)
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
    let state = queue.withLock { queue -> JobState? in
      var state = queue.jobs.removeValue(forKey: id)?.state
      state?.status = status
      state?.failure = failure
      state?.position = nil
      if status == .finished { state?.share = 1 }
      return state
    }
    if let state { record(state) }
  }

  /// Records the end of a job, and tells the listeners. If that fails, it is kept and recorded later.
  private func record(_ state: JobState) {
    queue.withLock { $0.unrecorded[state.id] = state }
    recordEnds()
    changes.send(state)
  }

  /// Records the ends of jobs that are not recorded yet, as far as possible.
  private func recordEnds() {
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
