SELECT found FROM repair_personal_records() AS found
