import StableDiffusion

/// The pictures of a template: every combination of list entries, strengths and seeds.
package struct Campaign: Sendable {
  /// A template with more pictures is refused, since it is most likely a mistake.
  package static let mostPictures = 5000

  /// One picture.
  package struct Picture: Sendable, Equatable {
    /// The file name, made of the entries' names, the strength and the seed.
    package let file: String
    /// The template's prompt with the entries filled in.
    package let prompt: String
    /// The options of the template and of the entries.
    package let request: DrawingRequest
    package let seed: UInt64
    /// A factor for the strengths of all adapters.
    package let strength: Double
    /// The text of each list's entry, by the list's name.
    package let values: [String: String]
  }

  /// A row of the sheet: the pictures of one combination of entries.
  package struct Row: Sendable {
    /// The entries of the lists that have several.
    package let label: String
    /// One picture for each column.
    package let pictures: [Picture]
  }

  /// In the order of the lists; the last list varies fastest.
  package let rows: [Row]
  /// The column labels: seed and strength.
  package let columns: [String]

  /// Throws `CampaignError.tooMany`, and `CampaignError.noAdapter` for strengths without adapters.
  ///
  /// - Parameter flags: further options. Its seeds and strength replace the template's.
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
    let namesStrength = given != nil
    rows = combinations.map { entries in
      Self.row(template, entries, strengths, seeds, namesStrength: namesStrength)
    }
    columns = strengths.flatMap { strength in
      seeds.map { "seed \($0)" + (namesStrength ? ", strength \(strength)" : "") }
    }
  }

  /// All pictures, row by row.
  package var pictures: [Picture] { rows.flatMap(\.pictures) }

  private static func row(
    _ template: CampaignTemplate, _ entries: [CampaignEntry], _ strengths: [Double],
    _ seeds: [UInt64], namesStrength: Bool
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
        let parts = names + (namesStrength ? ["strength-\(strength)"] : []) + ["seed-\(seed)"]
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
