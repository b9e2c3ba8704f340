import DreamBooth
import Foundation
import StableDiffusion

/// Draws pictures of a campaign one after the other, the models staying in memory.
final class CampaignDrawing {
  private let tools: DrawingTools
  private let folder: CampaignFolder
  private let signal: StopSignal
  private var pipeline: StableDiffusionXLPipeline?
  private var current: (strength: Double, sampler: SchedulerName?)?

  init(_ tools: DrawingTools, _ folder: CampaignFolder, _ signal: StopSignal) {
    self.tools = tools
    self.folder = folder
    self.signal = signal
  }

  /// Draws and writes them; those of one strength follow each other. Returns whether the user has
  /// stopped it, with all pictures so far written.
  func draw(_ jobs: [CampaignJob]) throws -> Bool {
    let strengths = Array(Set(jobs.map(\.picture.strength))).sorted()
    let ordered = strengths.flatMap { strength in jobs.filter { $0.picture.strength == strength } }
    let progress = CampaignProgress(pictures: ordered.count)
    defer { progress.end() }
    for job in ordered {
      do {
        try draw(job, progress)
      } catch is Stopped {
        return true
      }
    }
    return false
  }

  private func draw(_ job: CampaignJob, _ progress: CampaignProgress) throws {
    if signal.isRaised { throw Stopped() }
    var series = job.series
    let pipeline = try pipeline(for: job)
    try pipeline.draw(
      series,
      progress: { step in
        progress.show(step)
        if self.signal.isRaised { throw Stopped() }
      },
      note: { note in
        if case .tiled = note { series.tiling = .always }
        progress.say(note.description)
      },
      receive: { seed, picture in
        progress.next()
        let file = folder.file(job.picture.file)
        try PictureFile.write(
          picture,
          record: tools.record(
            series, seed: seed, sampler: job.sampler, times: job.picture.strength),
          sampler: SamplerTitle(tools.scheduler(job.sampler)), to: file)
        try Console.answer(file.relativePath)
      })
  }

  /// The models, with the adapters and sampler that a picture wants.
  private func pipeline(for job: CampaignJob) throws -> StableDiffusionXLPipeline {
    let wanted = (strength: job.picture.strength, sampler: job.sampler)
    guard let pipeline, let current else {
      let new = tools.pipeline(
        wanted.sampler, adapters: try tools.adapterSet(times: wanted.strength),
        residency: .everything)
      (pipeline, current) = (new, wanted)
      return new
    }
    if current.strength != wanted.strength {
      try pipeline.setAdapters(tools.adapterSet(times: wanted.strength))
    }
    if current.sampler != wanted.sampler {
      pipeline.setSchedulers(
        tools.scheduler(wanted.sampler), refiner: tools.refinerScheduler(wanted.sampler))
    }
    self.current = wanted
    return pipeline
  }
}
