import Adapters
import Files
package import Foundation
import Images
import NN
import Options
package import StableDiffusion
package import Torch

/// Draws the pictures of a comparison. Each is cached as a PNG file whose name is the hash of
/// everything that decides the picture, so that a stale picture is never used.
package struct ComparisonDrawing {
  /// Part of every key. Raise it when the same inputs give other pictures.
  private static let version = "comparison 2"

  private let comparison: Comparison
  private let tiling: VAETiling
  private let base: ModelDirectory
  private let refiner: ModelDirectory?
  private let sampler: SchedulerName?
  private let dtype: DType
  private let device: Device
  private let folder: URL
  /// The hash of everything besides column and row, without and with the refiner.
  private let baseKey: String
  private let refinedKey: String

  /// Hashes the models. Throws `FileAccessError`, `ModelError`, `WeightsError`.
  ///
  /// - Parameter caches: the cache folder.
  package init(
    _ comparison: Comparison, base: ModelDirectory, refiner: ModelDirectory?,
    precision: Precision, device: Device, caches: URL
  ) throws {
    let sampler = comparison.options.scheduler
    let dtype = precision.dtype
    let tiling = comparison.style.tiling.settled(
      width: comparison.style.width, height: comparison.style.height, for: base, dtype: dtype,
      device: device)
    self.comparison = comparison
    self.tiling = tiling
    self.base = base
    self.refiner = refiner
    self.sampler = sampler
    self.dtype = dtype
    self.device = device
    folder = caches.appending(path: CacheKind.pictures.rawValue)
    let hashes = FileHashes(in: caches)
    let style = comparison.style
    let arithmetic = try Arithmetic(
      device: device, threads: Backend.threads, deterministic: false)
    baseKey = ContentHash.of(
      [
        Self.version, "\(style.width)x\(style.height)", "\(style.steps)", "\(style.guidance)",
        style.negative.map { "negative \($0)" } ?? "", dtype.rawValue, tiling.rawValue,
        arithmetic.description,
        sampler?.rawValue ?? base.scheduler.className, "\(base.forceZerosForEmptyPrompt)",
      ] + Self.otherOptions(comparison.options) + (try base.contentHashes(hashes)))
    refinedKey = ContentHash.of(
      [
        baseKey, "\(style.refinement)", "\(style.aestheticScore)",
        "\(style.negativeAestheticScore)", "\(refiner?.forceZerosForEmptyPrompt ?? false)",
      ]
        + (try refiner?.contentHashes(hashes) ?? []))
    try hashes.save()
  }

  /// Draws the pictures that the cache lacks, column by column, so that each adapter is attached once.
  /// An error thrown by `progress` ends the drawing; the pictures drawn so far stay in the cache.
  ///
  /// Throws `DrawingError`, `AdapterFileError`, `FileAccessError`, and errors of the model files.
  ///
  /// - Parameters:
  ///   - chosen: the numbers of the pictures to draw, of those of ``missing()``; nil: all.
  ///   - progress: is called after each sampler step and after each picture.
  /// - Returns: the files, a list for each row with one file for each column.
  package func draw(
    only chosen: Set<Int>? = nil, progress: (DrawingProgress) throws -> Void,
    note: @escaping (DrawingNote) -> Void = { _ in }
  ) throws -> [[URL]] {
    let rows = comparison.rows
    let entries = try comparison.columns.map { column in try rows.map { try entry(column, $0) } }
    let style = comparison.style
    // An adapter that does not fit is an error before the others are drawn, which may take long.
    for column in comparison.columns { _ = try (adapters(of: column), embeddings(of: column)) }
    let count = entries.count * rows.count
    let missing = entries.enumerated().map { number, column in
      column.indices.filter {
        chosen?.contains(number * rows.count + $0) ?? true
          && column[$0].image(width: style.width, height: style.height) == nil
      }
    }
    var done = count - missing.reduce(0) { $0 + $1.count }
    var counter = DrawingCounter(count: count, finished: done)
    for isRefined in [false, true] {
      let columns = comparison.columns.indices.filter {
        comparison.columns[$0].isRefined == isRefined && !missing[$0].isEmpty
      }
      guard !columns.isEmpty else { continue }
      // Base and refiner stay in memory from column to column, and are freed before the next round.
      let pipeline = StableDiffusionXLPipeline(
        base, refiner: isRefined ? refiner : nil,
        scheduler: sampler.map(base.scheduler.replacingClass),
        refinerScheduler: sampler.flatMap { refiner?.scheduler.replacingClass(with: $0) },
        dtype: dtype, device: device, residency: .everything)
      for column in columns {
        try pipeline.setAdapters(adapters(of: comparison.columns[column]))
        try pipeline.setEmbeddings(embeddings(of: comparison.columns[column]))
        let wanted = missing[column]
        for prompt in comparison.prompts.indices {
          let places = wanted.filter { $0 / comparison.seeds.count == prompt }
          guard !places.isEmpty else { continue }
          var series = style
          series.tiling = tiling
          series.prompt = comparison.prompts[prompt]
          series.seeds = places.map { rows[$0].seed }
          var next = places.makeIterator()
          try pipeline.draw(
            series, progress: { try progress(counter.next($0, ofSeriesOf: places.count)) },
            note: note,
            receive: { _, picture in
              guard let place = next.next() else { return }
              try entries[column][place].write(picture.image)
              done += 1
              try progress(
                DrawingProgress(
                  picture: min(done + 1, count), count: count, step: nil,
                  share: Double(done) / Double(count)))
            })
          counter.finish(seriesOf: places.count)
        }
      }
    }
    return rows.indices.map { row in entries.map { $0[row].url } }
  }

  /// The numbers of the pictures that the cache lacks, counted column by column. Throws `FileAccessError`.
  package func missing() throws -> [Int] {
    let style = comparison.style
    return try entries().enumerated().filter {
      $0.element.image(width: style.width, height: style.height) == nil
    }.map(\.offset)
  }

  /// The hash of everything that decides the pictures. Throws `FileAccessError`.
  package func fingerprint() throws -> String {
    ContentHash.of(try entries().map(\.url.lastPathComponent))
  }

  private func entries() throws -> [PictureEntry] {
    try comparison.columns.flatMap { column in try comparison.rows.map { try entry(column, $0) } }
  }

  /// The options that differ from their defaults and are not listed in the keys by themselves.
  private static func otherOptions(_ options: DrawingOptions) -> [String] {
    let schema = DrawingOptions.schema
    let known = [
      schema.key(of: \.$negative), schema.key(of: \.$width), schema.key(of: \.$height),
      schema.key(of: \.$steps), schema.key(of: \.$guidance), schema.key(of: \.$scheduler),
    ]
    return options.differences(from: DrawingOptions())
      .filter { DrawingOptions.pictureKeys.contains($0.key) && !known.contains($0.key) }
      .map { "\($0.key) \($0.new)" }
  }

  private func adapters(of column: Comparison.Column) throws -> AdapterSet {
    guard let adapter = column.adapter,
      try adapter.embedding == nil || !SafetensorsFile(contentsOf: adapter.file).names.isEmpty
    else { return .none }
    var set = try AdapterFile(contentsOf: adapter.file)
      .adapters(for: AdaptableLayers(base), strength: adapter.strength, device: device)
    set.isMerged = dtype == .float32
    return set
  }

  private func embeddings(of column: Comparison.Column) throws -> [TextualInversion] {
    guard let file = column.adapter?.embedding, let word = try TextualInversion.word(in: file)
    else {
      return []
    }
    return [try TextualInversion(contentsOf: file, for: base, word: word)]
  }

  private func entry(
    _ column: Comparison.Column, _ row: Comparison.Row
  ) throws -> PictureEntry {
    let adapter = column.adapter
    let key = ContentHash.of(
      [
        column.isRefined ? refinedKey : baseKey, adapter?.sha256 ?? "", "\(adapter?.strength ?? 0)",
        row.prompt, "\(row.seed)",
      ] + (try adapter?.embedding.map { [try ContentHash.of(fileAt: $0)] } ?? []))
    var options = comparison.options
    (options.prompt, options.seed) = (row.prompt, row.seed)
    return PictureEntry(
      url: folder.appending(path: "\(key).png"),
      infotext: Infotext(
        options,
        sampler: SamplerTitle(sampler.map(base.scheduler.replacingClass) ?? base.scheduler).name,
        // The hash, since the file must not depend on the model's path.
        model: String(baseKey.prefix(12)),
        adapters: adapter.map { ["\($0.sha256.prefix(12)):\($0.strength)"] } ?? []))
  }
}
