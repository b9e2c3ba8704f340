import Adapters
import ArgumentParser
import Drawing
import Files
import Foundation
import RunLog
import Training
import Workspace

/// `lora-train export RUN[@STEP] --format kohya --output FILE`.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Writes a run's LoRA for other programs.",
    discussion: """
      ComfyUI, A1111, Forge, InvokeAI and sd-scripts load the adapter.safetensors of a checkpoint as it is, \
      and diffusers that of a LoRA. An export adds a preview picture and the details of the run, or writes \
      another form or precision. The file is read back after writing, and the UNet's output with it \
      is compared with that of the checkpoint.
      """)

  @Argument(
    help: .value("A run and a step, as in 7@500: the run's number or latest.", "run[@step]"),
    transform: CheckpointReference.parse)
  var reference: CheckpointReference

  @OptionGroup var average: AverageFlag

  @Option(
    help: .value(
      "kohya: for ComfyUI, A1111, Forge and most others. diffusers: as diffusers' own "
        + "scripts save it. peft: a folder with adapter_config.json. Default: kohya.", "form"),
    transform: named)
  var format = AdapterFormat.kohya

  @Option(help: .value("The file to write; a folder for peft.", "file"))
  var output: String

  @Option(
    help: .value("Number format of the matrices: fp32, fp16 or bf16. Default: fp32.", "type"),
    transform: named)
  var precision = Precision.fp32

  @Option(
    help: .value(
      "Names of the UNet's blocks in kohya's form: sgm, which every program knows, or diffusers. "
        + "Default: sgm.", "names"), transform: named)
  var blockNames = KohyaBlockNames.sgm

  @Option(help: .value("Base model of the run. Default: the one it was trained on.", "model"))
  var model: String?

  @Option(help: .value("Title in the metadata. Default: the subject and the step.", "text"))
  var title: String?
  @Option(help: .value("Author in the metadata.", "name"))
  var author: String?
  @Option(help: .value("Licence in the metadata.", "name"))
  var license: String?
  @Option(help: .value("Description in the metadata.", "text"))
  var description: String?
  @Flag(inversion: .prefixedNo, help: "Add a sample picture of the checkpoint to the metadata.")
  var preview = true
  @Flag(help: "Replace an existing file.") var overwrite = false
  @Flag(help: "Print the record of the export as JSON.") var json = false
  @OptionGroup var root: RootOption

  func validate() throws {
    if blockNames != .sgm, format != .kohya {
      throw ValidationError("--block-names is for --format kohya, not \(format.rawValue).")
    }
  }

  func run() throws {
    let url = try AdapterPlace(output, format: format, overwrite: overwrite).url
    let library = try root.library()
    let run = try library.run(reference.run)
    let (checkpoint, note) = try library.checkpoint(reference.step, of: run)
    if let note { Console.note(note) }
    let embedding = try EmbeddingExport(checkpoint)
    if let embedding, try !checkpoint.hasAdapter() {
      try embedding.write(to: url)
      Console.message("The run has no adapter; the file is the embedding of \(embedding.word).")
      return try Console.result(url.relativePath)
    }
    let beside = try embedding.map { embedding in
      (
        embedding,
        try AdapterPlace(
          embedding.place(beside: url).relativePath, format: .kohya, overwrite: overwrite
        ).url
      )
    }
    let base = try BaseModels(root: root).open(model ?? run.model)
    if model == nil {
      let note = try library.note(
        on: base, for: run, step: reference.step, hashes: FileHashes(in: root.caches))
      if let note { Console.note(note) }
    }
    let export = try AdapterExport(
      checkpoint, of: run, in: root.project, model: base,
      weights: average.applied(to: reference).weights)
    var details = AdapterExport.Details()
    details.title = title
    details.author = author
    details.license = license
    details.description = description
    details.hasPreview = preview
    let writer = AdapterWriter(format, blockNames: blockNames, dtype: precision.dtype)
    let (record, problem) = try export.write(writer, details: details, to: url)
    if let problem { Console.note(problem) }
    if let (embedding, file) = beside {
      try embedding.write(to: file)
      Console.message("\(file.relativePath) is the embedding of \(embedding.word).")
    }
    do {
      try export.save(record)
    } catch let error as FileAccessError {
      Console.note("The export is not recorded in the run folder: \(error)")
    }
    Console.message(Self.summary(record))
    if json { try Console.result(json: record) } else { try Console.result(record.path) }
  }

  private static func summary(_ record: ExportRecord) -> String {
    func number(_ value: Double) -> String { value == 0 ? "0" : String(format: "%.2g", value) }
    return "Read back: the UNet's output differs from the checkpoint's by at most "
      + "\(number(record.difference)); the adapter changes it by \(number(record.change))."
  }
}
