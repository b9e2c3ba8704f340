import Drawing
import Files
import Foundation
import Options
import RunLog
import StableDiffusion
import Synchronization

/// Orders, and their end before they are drawn.
extension DrawingQueue {
  /// The most pictures of one job.
  private static let mostPictures = 2000

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

  /// The same for the pictures of a campaign, which the caller has checked.
  func submit(_ work: CampaignWork, title: String, count: Int) throws -> JobState {
    let job = StudioJob(
      kind: JobKind.campaign.rawValue, title: title.jobTitle, request: "{}", count: count)
    return try add(job, .campaign(work), [])
  }

  /// Orders an earlier job again. Throws `StudioError.noJob`, and as the job was ordered.
  package func repeatJob(_ id: Int64) throws -> JobState {
    guard let job = try gallery.reading()?.job(id) else { throw StudioError.noJob(id) }
    let fields = try [String: JSONValue](json: job.request)
    return switch JobKind(rawValue: job.kind) {
    case .comparison: try submit(ComparisonOrder(fields))
    case .campaign: throw StudioError.campaignJob
    case .drawing, nil: try submit(PictureOrder(fields))
    }
  }

  private func add(
    _ job: StudioJob, _ work: DrawingJob.Work, _ notes: [String]
  ) throws -> JobState {
    // A campaign has a limit of its own.
    guard job.kind == JobKind.campaign.rawValue || job.count <= Self.mostPictures else {
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
    state.notes = notes.map(\.withPlainOptions)
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
}
