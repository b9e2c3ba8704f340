import ArgumentParser
import Drawing
import Files
import Foundation
import Images
import Options
import Ranks
import StableDiffusion
import Torch
import Training
import Workspace

/// `lora-train doctor`.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Checks libtorch, device, images, base model and runs.",
    discussion: """
      Prints one line for each check, and for each problem what to do. With --plan it prints instead how \
      much memory a training needs, and how it can do with less. Started by a launcher as several processes, it \
      also measures how long they take to add the gradients of SDXL at rank 16.
      """)

  @Option(
    help: .value(
      "Base model to check. Default: \(BaseModels.standardHelp).", "model"))
  var model: String?
  @Flag(help: "Print one JSON array, or with --plan one JSON document.")
  var json = false
  @Flag(help: "Print the memory that a training needs.")
  var plan = false
  @OptionGroup(title: "Training to plan") var memoryOptions: TableFlags<TrainingFlags.Memory>
  @OptionGroup(title: "Training to plan") var file: ConfigFileOption
  @OptionGroup(title: "Several processes") var ranks: RankOptions
  @OptionGroup var root: RootOption

  func validate() throws {
    if !plan, !memoryOptions.overrides.isEmpty || file.config != nil {
      throw ValidationError("Training options have an effect only with --plan; add --plan.")
    }
  }

  func run() throws {
    if plan { return try printPlan() }
    try ranks.run(check)
  }

  private func check(_ ranks: RankGroup?) throws {
    let together = ranks.map { [self.exchange($0)] } ?? []
    guard ranks?.isLeader ?? true else { return }
    let checks =
      [libtorch(), device(), exactness(), memory(), images(), baseModel(), records()] + together
    if json {
      try Console.result(json: checks)
    } else {
      try Console.result(
        Table(rows: checks.map { [$0.works ? "ok" : "PROBLEM", $0.subject, $0.finding] }).text)
    }
    if let problem = checks.lazy.compactMap(\.problem).first { throw ExitCode(problem.rawValue) }
  }

  private func printPlan() throws {
    let models = BaseModels(root: root)
    let config = try ConfigSources(memoryOptions.overrides, file: file, root: root)
      .load(needsSubject: false).config
    let directory = try models.open(model ?? config.model ?? models.standardName())
    let plan = try MemoryPlan(config, model: directory)
    if json {
      try Console.result(json: plan)
    } else {
      try Console.result(MemoryPlanTable(plan).text)
    }
  }

  private struct Check: Encodable {
    let subject: String
    let works: Bool
    let finding: String
    let problem: ExitStatus?

    enum CodingKeys: CodingKey {
      case subject, works, finding
    }

    /// Runs a check. An error becomes its finding.
    init(_ subject: String, _ body: () throws -> String) {
      self.subject = subject
      do {
        finding = try body()
        works = true
        problem = nil
      } catch {
        finding = String(describing: error).wordingFlags
        works = false
        problem = ExitStatus(of: error) ?? .internalError
      }
    }
  }

  private func libtorch() -> Check {
    Check("libtorch") {
      try Backend.checkVersion()
      let ones = try Tensor.ones([8, 8])
      let sum = try ones.matmul(ones).sum().item()
      guard sum == 512 else {
        throw TorchError("A matrix product is \(sum) instead of 512; install libtorch again.")
      }
      return "\(Backend.version), CPU threads: \(Backend.threads)"
    }
  }

  private func device() -> Check {
    Check("device") {
      guard Device.cudaCount > 0 else {
        return "cpu; libtorch finds no CUDA GPU, so SDXL trains slowly here"
      }
      return try (0..<Device.cudaCount).map { index in
        let device = Device.cuda(index)
        let memory = try device.memory()
        return
          "cuda:\(index), \(try device.name()), \(memory.total >> 20) MiB, "
          + "\(memory.free >> 20) MiB free"
      }.joined(separator: "; ")
    }
  }

  /// The number of values that SDXL's adapter of rank 16 trains.
  private static let gradients = 23_224_320

  private func exchange(_ ranks: RankGroup) -> Check {
    Check("ranks") {
      let device = try DeviceChoice.auto.placed(on: ranks).resolve()
      try ranks.connect(device)
      let time = try ranks.timeOfSum(count: Self.gradients, on: device)
      return
        "\(ranks.size) on \(listing(ranks.hosts)), with \(device); adding the gradients of SDXL at rank "
        + "16, \(Self.gradients.grouped) numbers, takes \(Int((time / .milliseconds(1)).rounded())) ms"
    }
  }

  private func exactness() -> Check {
    Check("exactness") {
      let device = Device.cudaCount > 0 ? Device.cuda(0) : .cpu
      let promise = Exactness(on: device, threads: Backend.threads, deterministic: false)
      return promise.description
    }
  }

  private func memory() -> Check {
    Check("memory") { "\(ProcessInfo.processInfo.physicalMemory >> 20) MiB in this machine" }
  }

  private func images() -> Check {
    Check("images") {
      let missing = ImageFormat.allCases.filter { !$0.isReadable }.map(\.rawValue)
      return ImageFormat.readable.map(\.rawValue).joined(separator: ", ")
        + (missing.isEmpty ? "" : "; built without \(missing.joined(separator: ", "))")
        + (ImageDecoder.convertsColors
          ? "; colour profiles are converted to sRGB"
          : "; built without lcms2, so all colours are read as sRGB")
    }
  }

  private func baseModel() -> Check {
    Check("base model") {
      let models = BaseModels(root: root)
      let directory = try models.open(model ?? models.standardName())
      _ = try directory.loadTokenizer()
      _ = try directory.loadTokenizer2()
      let side = directory.resolution
      return
        "\(directory.url.relativePath), \(side) px, all weights have the expected names and shapes"
    }
  }

  private func records() -> Check {
    Check("records") {
      let library = try root.library()
      try library.verify()
      let runs = try library.runs().count
      let file = root.project.database.relativePath
      return runs == 0
        ? "no runs yet; the first training creates \(file)" : "\(file), runs: \(runs)"
    }
  }
}
