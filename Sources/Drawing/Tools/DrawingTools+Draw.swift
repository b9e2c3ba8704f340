package import Foundation
package import StableDiffusion

extension DrawingTools {
  /// Draws a series and writes each picture with its record. Throws what the pipeline, `progress` and
  /// `written` throw, and `FileAccessError`.
  ///
  /// - Parameters:
  ///   - sampler: the name that chose the pipeline's sampler.
  ///   - factor: the factor for the strengths of the pipeline's adapters.
  ///   - file: the file of a seed's picture.
  ///   - preview: is called after `progress` with the picture so far.
  ///   - written: receives each file that was written.
  package func draw(
    _ series: PictureSeries, by pipeline: StableDiffusionXLPipeline, sampler: SchedulerName?,
    times factor: Double = 1, to file: (_ seed: UInt64) -> URL,
    progress: (DrawingStep) throws -> Void,
    preview: (DrawingStep, UnfinishedPicture) throws -> Void = { _, _ in },
    note: @escaping (DrawingNote) -> Void,
    written: (URL) throws -> Void
  ) throws {
    var drawn = series
    try pipeline.draw(
      series, progress: progress, preview: preview,
      note: {
        if case .tiled = $0 { drawn.tiling = .always }
        note($0)
      },
      receive: { seed, picture in
        let file = file(seed)
        try PictureFile.write(
          picture, record: record(drawn, seed: seed, sampler: sampler, times: factor),
          sampler: SamplerTitle(scheduler(sampler)), to: file)
        try written(file)
      })
  }
}
