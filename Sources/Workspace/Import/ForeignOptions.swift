/// The settings of another program that are still to be translated.
struct ForeignOptions: Sendable {
  private var settings: [String: ForeignSetting] = [:]
  private var order: [String] = []

  init(_ settings: [ForeignSetting] = []) {
    for setting in settings { add(setting) }
  }

  /// Adds a setting. It replaces one of the same name, as in the other program.
  mutating func add(_ setting: ForeignSetting) {
    if settings.updateValue(setting, forKey: setting.name) == nil { order.append(setting.name) }
  }

  /// The settings in the order of the file.
  var all: [ForeignSetting] { order.compactMap { settings[$0] } }

  subscript(_ name: String) -> ForeignSetting? { settings[name] }

  /// Takes a setting out. What is left at the end has not been translated.
  mutating func take(_ name: String) -> ForeignSetting? {
    guard let setting = settings.removeValue(forKey: name) else { return nil }
    order.removeAll { $0 == name }
    return setting
  }

  mutating func integer(_ name: String) throws(ImportError) -> Int? {
    guard let setting = take(name) else { return nil }
    return try setting.integer()
  }

  mutating func number(_ name: String) throws(ImportError) -> Double? {
    guard let setting = take(name) else { return nil }
    return try setting.number()
  }

  /// False if it is not set.
  mutating func flag(_ name: String) throws(ImportError) -> Bool {
    guard let setting = take(name) else { return false }
    return try setting.converted(\.asBoolean, "true or false")
  }

  /// Nil if it is not set or empty.
  mutating func text(_ name: String) -> String? {
    take(name).flatMap { $0.value.isOff ? nil : $0.value.text }
  }
}
