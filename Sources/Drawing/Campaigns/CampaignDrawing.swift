package import Foundation
package import StableDiffusion

/// Draws the pictures of a campaign one after the other. The models stay in memory.
package final class CampaignDrawing {
  private let tools: DrawingTools
  private let folder: CampaignFolder
  private var pipeline: StableDiffusionXLPipeline?
  private var current: (strength: Double, sampler: SchedulerName?)?

  package init(_ tools: DrawingTools, in folder: CampaignFolder) {
    self.tools = tools
    self.folder = folder
  }

  /// Draws and writes pictures, grouped by strength. An error thrown by `progress` ends the drawing;
  /// the pictures written so far stay.
  ///
  /// - Parameters:
  ///   - progress: is called before each picture and after each step.
  ///   - written: receives each file that was written.
  package func draw(
    _ jobs: [CampaignJob], progress: (DrawingProgress) throws -> Void,
    note: @escaping (DrawingNote) -> Void, written: (URL) throws -> Void
  ) throws {
    let strengths = Array(Set(jobs.map(\.picture.strength))).sorted()
    let ordered = strengths.flatMap { strength in jobs.filter { $0.picture.strength == strength } }
    var counter = DrawingCounter(count: ordered.count)
    for (index, job) in ordered.enumerated() {
      try progress(
        DrawingProgress(
          picture: index + 1, count: ordered.count, step: nil,
          share: Double(index) / Double(ordered.count)))
      try tools.draw(
        job.series, by: pipeline(for: job, note), sampler: job.sampler, times: job.picture.strength,
        to: { _ in folder.file(job.picture.file) },
        progress: { try progress(counter.next($0, ofSeriesOf: 1)) }, note: note, written: written)
      counter.finish(seriesOf: 1)
    }
  }

  /// The pipeline with the strength and the sampler of a picture.
  private func pipeline(
    for job: CampaignJob, _ note: (DrawingNote) -> Void
  ) throws -> StableDiffusionXLPipeline {
    let wanted = (strength: job.picture.strength, sampler: job.sampler)
    guard let pipeline, let current else {
      let new = tools.pipeline(
        wanted.sampler, adapters: try tools.adapterSet(note: note), residency: .everything)
      try new.setAdapterStrength(wanted.strength)
      (pipeline, current) = (new, wanted)
      return new
    }
    if current.strength != wanted.strength {
      try pipeline.setAdapterStrength(wanted.strength)
    }
    if current.sampler != wanted.sampler {
      pipeline.setSchedulers(
        tools.scheduler(wanted.sampler), refiner: tools.refinerScheduler(wanted.sampler))
    }
    self.current = wanted
    return pipeline
  }
}
