import Drawing
import Files
import Foundation
import Images
import Options
import RunLog
import StableDiffusion
import Synchronization

/// The drawing of jobs, one after the other.
extension DrawingQueue {
  private static let waitInterval = Duration.seconds(1)
  private static let sendInterval = Duration.milliseconds(100)

  /// Draws until no job waits.
  func run() async {
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
      case .campaign(let work):
        try await drawing.draw(
          campaign: work.template, work.variant.request, to: work.folder,
          note: { self.note($0, of: id) },
          progress: { try self.advance(id, $0.step, share: $0.share) })
      }
      end(id, .finished)
    } catch let reason as DrawingEnd {
      switch reason {
      case .cancelled: end(id, .cancelled)
      case .stopping: end(id, .failed, StudioGallery.interruption)
      }
    } catch {
      end(id, .failed, "\(error)".withPlainOptions)
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
    let sentence = sentence.withPlainOptions
    change(id) { job in
      if !job.state.notes.contains(sentence) { job.state.notes.append(sentence) }
    }
  }

  func end(_ id: Int64, _ status: JobStatus, _ failure: String? = nil) {
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
