import StableDiffusion

/// The pictures that a template describes: every entry with every other, every strength and seed.
public struct Campaign: Sendable {
  /// More are refused: a mistake in a template, more likely than not.
  public static let mostPictures = 5000

  /// One picture.
  public struct Picture: Sendable, Equatable {
    /// The file's name: the lists' entries, strength and seed.
    public let file: String
    /// With the entries in their places.
    public let prompt: String
    /// What the template and the entries give.
    package let request: DrawingRequest
    /// Of its noise.
    public let seed: UInt64
    /// What the adapters' scales are multiplied by.
    public let strength: Double
    /// Which entry stands for which list.
    public let values: [String: String]
  }

  /// The pictures of one row of the sheet: the same entries.
  public struct Row: Sendable {
    /// The entries of lists with several.
    public let label: String
    /// One for each column.
    public let pictures: [Picture]
  }

  /// In the order of the lists, the last one changing first.
  public let rows: [Row]
  /// What is the same below each other: strength and seed.
  public let columns: [String]

  /// All pictures of a template. Throws `CampaignError` for too many, and for strengths without
  /// adapters.
  ///
  /// - Parameter flags: what is given besides; its seeds and strength replace the template's.
  package init(_ template: CampaignTemplate, flags: DrawingRequest) throws(CampaignError) {
    if template.strengths != nil && flags.options.loras.isEmpty {
      throw .noAdapter(file: template.file)
    }
    let own = flags.gives(\.$seed) || flags.gives(\.$count) ? nil : template.seeds
    let seeds = own ?? flags.options.seeds
    let given = flags.gives(\.$strength) ? nil : template.strengths
    let strengths = given ?? [1]
    let factors = template.lists.map(\.entries.count) + [strengths.count, seeds.count]
    var count = 1
    for factor in factors {
      let (product, isTooLarge) = count.multipliedReportingOverflow(by: factor)
      guard !isTooLarge, product <= Self.mostPictures else {
        throw .tooMany(
          file: template.file,
          product: factors.filter { $0 > 1 }.map(String.init).joined(separator: " x "),
          limit: Self.mostPictures)
      }
      count = product
    }
    var combinations: [[CampaignEntry]] = [[]]
    for list in template.lists {
      combinations = combinations.flatMap { start in list.entries.map { start + [$0] } }
    }
    let saysStrength = given != nil
    rows = combinations.map { entries in
      Self.row(template, entries, strengths, seeds, saysStrength: saysStrength)
    }
    columns = strengths.flatMap { strength in
      seeds.map { "seed \($0)" + (saysStrength ? ", strength \(strength)" : "") }
    }
  }

  /// All pictures, row by row.
  public var pictures: [Picture] { rows.flatMap(\.pictures) }

  private static func row(
    _ template: CampaignTemplate, _ entries: [CampaignEntry], _ strengths: [Double],
    _ seeds: [UInt64], saysStrength: Bool
  ) -> Row {
    let lists = zip(template.lists, entries)
    let texts = Dictionary(
      lists.map { ($0.name, $1.text) }, uniquingKeysWith: { first, _ in first })
    var request = template.request
    if let negative = template.negative { request.set(\.$negative, to: negative.text(texts)) }
    for entry in entries { request = entry.request.over(request) }
    let names = lists.filter { !$0.0.isSingle }.map(\.1.name)
    let pictures = strengths.flatMap { strength in
      seeds.map { seed in
        let parts = names + (saysStrength ? ["strength-\(strength)"] : []) + ["seed-\(seed)"]
        return Picture(
          file: "\(parts.joined(separator: "_")).png", prompt: template.prompt.text(texts),
          request: request, seed: seed, strength: strength, values: texts)
      }
    }
    let label = lists.filter { $0.0.entries.count > 1 }.map(\.1.text).joined(separator: "\n")
    return Row(
      label: label.isEmpty ? template.prompt.text(texts) : label, pictures: pictures)
  }
}
