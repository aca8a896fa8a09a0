// Deutsch. Jede Zeile ist eine Nachricht; was darin stehen darf, sagt `words.js`.
export default {
  // the frame around every place
  "frame.skip": "Zum Inhalt",
  "frame.home": "Aufträge",
  "frame.account": "Konto",
  "frame.admin": "Verwaltung",
  "frame.sign_out": "Abmelden",
  "frame.api": "Die API",
  "frame.language": "Sprache",
  "frame.theme": "Farben",
  "frame.theme.system": "Wie das System",
  "frame.theme.light": "Hell",
  "frame.theme.dark": "Dunkel",
  "frame.nowhere": "Unter dieser Adresse gibt es nichts.",
  "frame.back_home": "Zu deinen Aufträgen",
  "frame.broken": "Dieser Teil der Seite konnte nicht geladen werden.",
  "frame.try_again": "Noch einmal versuchen",
  "problem.offline": "Der Server ist nicht zu erreichen. Prüfe deine Verbindung.",
  "problem.unknown": "Beim Server ist etwas schiefgegangen.",

  // signing in
  "entry.sign_in": "Anmelden",
  "entry.email": "E-Mail",
  "entry.password": "Passwort",

  // uploads
  "uploads.drop": "Leg ein Video hier ab",
};
