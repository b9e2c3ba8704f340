package import Drawing
import Files
package import Foundation
import NN
package import StableDiffusion
import Torch

/// Draws one request after another and keeps the models in memory between them, on a queue of its own.
package actor ResidentDrawing {
  /// What a drawing tells while it runs, on its own queue.
  package struct Reports: Sendable {
    /// Receives the progress after each step. What it throws ends the drawing.
    package var progress: @Sendable (DrawingStep) throws -> Void
    /// Receives previews of the picture that is being drawn.
    package var preview: @Sendable (Picture) -> Void
    /// Receives a sentence on each deviation from the request.
    package var note: @Sendable (String) -> Void
    /// Receives each file that was written, with its record.
    package var written: @Sendable (URL, PictureRecord) throws -> Void

    package init(
      progress: @escaping @Sendable (DrawingStep) throws -> Void,
      preview: @escaping @Sendable (Picture) -> Void = { _ in },
      note: @escaping @Sendable (String) -> Void = { _ in },
      written: @escaping @Sendable (URL, PictureRecord) throws -> Void
    ) {
      self.progress = progress
      self.preview = preview
      self.note = note
      self.written = written
    }
  }

  /// Everything that decides which weights are in memory.
  private struct Models: Equatable {
    let base: String
    let vae: String?
    let refiner: String?
    let precision: Precision
    let isOnGPU: Bool
  }

  private let executor = QueueExecutor(label: "drawing")
  package nonisolated var unownedExecutor: UnownedSerialExecutor {
    executor.asUnownedSerialExecutor()
  }

  let project: ProjectFolder
  private var models: Models?
  private var adapters: [PictureRecord.Adapter] = []
  private var embeddings: [PictureRecord.Embedding] = []
  private var pipeline: StableDiffusionXLPipeline?
  /// The models that memory was short for. Their parts are loaded one at a time.
  private var tooLarge: Models?

  package init(_ project: ProjectFolder) { self.project = project }

  /// Whether models are in memory.
  package var isLoaded: Bool { (pipeline?.partsInMemory ?? 0) > 0 }

  /// Frees the models.
  package func free() {
    pipeline = nil
    models = nil
    adapters = []
    embeddings = []
    Backend.trimMemory()
  }

  /// A run that a process of this machine trains; nil if there is none. Throws `RunLogError`.
  package func trainedRun() throws -> Int64? { try project.trainedRun() }

  /// Draws the pictures of a request and writes each with its record.
  ///
  /// Throws `BaseModelError`, `DrawingError`, errors of the files, and what the reports throw. The
  /// pictures that are finished by then are written.
  ///
  /// - Parameters:
  ///   - checkpoints: the checkpoints that the request's adapters come from.
  ///   - file: the file of a seed's picture.
  package func draw(
    _ request: DrawingRequest, checkpoints: [CheckpointReference], to file: (UInt64) -> URL,
    _ reports: Reports
  ) throws {
    let options = request.options
    let tools = try BaseModels(project) { if case .note(let note) = $0 { reports.note(note) } }
      .tools(options, caches: project.caches)
    for checkpoint in checkpoints {
      let library = try RunLibrary(project)
      if let note = try library.note(on: tools, for: checkpoint) { reports.note(note) }
    }
    for note in options.notes() { reports.note(note) }
    var series = options.series(side: tools.model.resolution)
    for note in tools.embeddingNotes([series]) { reports.note("\(note)") }
    series.image = try StartImages { reports.note($0) }
      .image(options, width: series.width, height: series.height)
    do {
      try draw(&series, tools, options.scheduler, to: file, reports)
    } catch let error as TorchError where error.isOutOfMemory && models != tooLarge {
      reports.note("Memory is short for the whole model, so its parts are loaded one at a time.")
      tooLarge = models
      free()
      try draw(&series, tools, options.scheduler, to: file, reports)
    }
  }

  /// Removes the seeds of finished pictures from the series.
  private func draw(
    _ series: inout PictureSeries, _ tools: DrawingTools, _ sampler: SchedulerName?,
    to file: (UInt64) -> URL, _ reports: Reports
  ) throws {
    let pipeline = try pipeline(tools, sampler, prompt: series.prompt, reports)
    var pace = PreviewPace()
    var written: Set<UInt64> = []
    defer { series.seeds.removeAll(where: written.contains) }
    let drawn = series
    try tools.draw(
      drawn, by: pipeline, sampler: sampler, to: file, progress: reports.progress,
      preview: { step, unfinished in
        try pace.preview(step, unfinished).map(reports.preview)
      },
      note: { reports.note("\($0)") },
      written: { url in
        let seed = drawn.seeds[written.count]
        written.insert(seed)
        try reports.written(url, tools.record(drawn, seed: seed, sampler: sampler))
      })
  }

  /// The pipeline of the models, with only what differs loaded anew.
  private func pipeline(
    _ tools: DrawingTools, _ sampler: SchedulerName?, prompt: String, _ reports: Reports
  ) throws -> StableDiffusionXLPipeline {
    let sources = tools.sources
    let wanted = Models(
      base: sources.model.sha256, vae: sources.vae?.sha256, refiner: sources.refiner?.sha256,
      precision: sources.precision, isOnGPU: sources.isOnGPU)
    if wanted != models { free() }
    let set = try tools.adapterSet(for: prompt) { reports.note("\($0)") }
    if let pipeline {
      pipeline.setSchedulers(
        tools.scheduler(sampler), refiner: tools.refinerScheduler(sampler))
      if adapters != sources.adapters {
        do {
          try pipeline.setAdapters(set)
        } catch {
          // Some layers may have the new adapters and others the old ones.
          free()
          throw error
        }
      }
      adapters = sources.adapters
      if embeddings != sources.embeddings { try pipeline.setEmbeddings(tools.embeddings) }
      embeddings = sources.embeddings
      return pipeline
    }
    let new = tools.pipeline(
      sampler, adapters: set, residency: wanted == tooLarge ? .oneAtATime : .everything)
    pipeline = new
    models = wanted
    adapters = sources.adapters
    embeddings = sources.embeddings
    return new
  }
}
